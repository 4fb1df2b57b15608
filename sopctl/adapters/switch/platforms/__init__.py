"""One module a platform; its name is what `platform` says in a switch's record (netmiko's, where netmiko has one)."""
