/** What the box asks of a password at least; it judges the rest itself. */
export const PASSWORD_LENGTH_MIN = 12;
