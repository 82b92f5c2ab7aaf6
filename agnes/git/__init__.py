"""Git: where a repository is and what its refs say (`refs`, without a library), and everything else
through pygit2, which no other package imports.
"""
