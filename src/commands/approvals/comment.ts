import { refusal } from '../../errors.js';
import { COMMENT_MAX_LENGTH } from '../../limits.js';

/** A comment as given, trimmed; empty is none. @throws BAD_USER_INPUT when too long */
export function commentOf(text: string | null | undefined, path = 'comment'): string | null {
  const trimmed = text?.trim() ?? '';
  if (trimmed.length > COMMENT_MAX_LENGTH) {
    throw refusal('BAD_USER_INPUT', {
      reason: `${path} is too long`,
      fields: [{ path, rule: `at most ${COMMENT_MAX_LENGTH} characters` }],
    });
  }
  return trimmed === '' ? null : trimmed;
}
