const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether the database takes the text for an id; a malformed one names nothing and is never sent there. */
export const isRowId = (text: string): boolean => UUID.test(text);
