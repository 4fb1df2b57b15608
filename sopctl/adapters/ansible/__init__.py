"""Ansible, the outside system that configures servers and reads their facts."""
