"""The snapshot in force, for a server: opened and rendered once, seen by each as they may."""
