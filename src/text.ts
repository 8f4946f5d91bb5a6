/** Whether PostgreSQL stores the text as it is: no NUL, no lone surrogate. */
export const isWellFormedText = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();
