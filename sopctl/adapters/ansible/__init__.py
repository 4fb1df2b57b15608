"""Ansible, which configures servers and gathers their facts."""
