import type { ASTVisitor, ValidationContext } from 'graphql';
import { refusal, type Refusal } from '../errors.js';
import { isWellFormedText } from '../text.js';
import { asGraphQLError } from './refusal-of.js';

/** Nesting of the variables: business inputs have under ten levels; a JSON column or a walk over it must not overflow. */
const VARIABLES_MAX_DEPTH = 32;

const REASON = 'a text holds a NUL character or half of a surrogate pair';
const dirty = (path: string): Refusal =>
  refusal('BAD_USER_INPUT', { reason: REASON, fields: [{ path: path.slice(0, 200), rule: 'text' }] });

/** Names the place within the variables of the first text, key or value, that the database could not keep as it is, or of
 *  a nesting beyond the bound; null when there is none. Iterative, because the depth is the client's to choose. */
export function variablesRefusal(variables: unknown): Refusal | null {
  const open: { value: unknown; path: string; depth: number }[] = [{ value: variables, path: '', depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, path, depth } = next;
    if (typeof value === 'string' && !isWellFormedText(value)) return dirty(path);
    if (typeof value !== 'object' || value === null) continue;
    if (depth > VARIABLES_MAX_DEPTH)
      return refusal('QUERY_TOO_COMPLEX', {
        reason: `the variables nest deeper than ${VARIABLES_MAX_DEPTH} levels`,
      });
    for (const [key, child] of Object.entries(value)) {
      if (!isWellFormedText(key)) return dirty(path);
      open.push({ value: child, path: path === '' ? key : `${path}.${key}`, depth: depth + 1 });
    }
  }
  return null;
}

/** The same for the literals of the query itself; as a validation rule it runs once per document, not per request. */
export function CleanLiteralsRule(context: ValidationContext): ASTVisitor {
  return {
    StringValue(node) {
      if (!isWellFormedText(node.value)) {
        context.reportError(asGraphQLError(dirty('query'), node));
      }
    },
  };
}
