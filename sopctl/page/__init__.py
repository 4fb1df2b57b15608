"""HOW IT IS ASKED IN A BROWSER. No logic: handlers call the functions and views that the command line calls too."""
