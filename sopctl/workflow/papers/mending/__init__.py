"""The papers of what befalls a server or a form: moved, gone, mended."""
