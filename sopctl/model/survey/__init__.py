"""What is on a server before anything is changed there, what that means for the change, and what stands in its way."""
