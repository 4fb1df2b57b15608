"""The papers of a month: the summary of all servers, and the report for the head of the office."""
