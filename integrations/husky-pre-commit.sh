# husky: save as .husky/pre-commit. Judges what is staged.
lynklint check --staged
