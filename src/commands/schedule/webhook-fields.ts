import { randomBytes } from 'node:crypto';
import type { Actor, Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { TITLE_MAX_LENGTH } from '../../limits.js';
import { EVENT_TYPES, isEventPattern } from '../../workflows/events.js';
import { check, checkNotNull, checkText, type Finding } from '../input.js';
import { requireActor, requireId, type TransactionContext } from '../transaction.js';

/** Patterns that one endpoint may name: all types there are, twice. */
const PATTERNS_MAX = 2 * Object.keys(EVENT_TYPES).length;

/**
 * Someone who may see every record, because what leaves by a webhook or into a chat is about every record.
 * @throws UNAUTHENTICATED, FORBIDDEN
 */
export function requireManager(ctx: Context, permission: 'webhook:manage' | 'chat:manage'): Actor {
  const actor = requireActor(ctx);
  if (actor.permissions.get(permission) !== 'all') throw refusal('FORBIDDEN', { permission, scope: 'all' });
  return actor;
}

/** What is wrong with the address; looks its host up, so it is asked before a transaction begins. */
export async function checkAddress(ctx: Context, url: string | null | undefined): Promise<Finding> {
  if (url === undefined) return null;
  if (url === null) return checkNotNull('url', url);
  const { outbound } = ctx.services;
  if (!outbound) throw refusal('SERVICE_UNAVAILABLE');
  const fault = await outbound.faultOf(url.trim());
  return check('url', fault === null, fault ?? '');
}

export const checkDescription = (description: string | null | undefined): Finding =>
  checkText('description', description, TITLE_MAX_LENGTH);

export function checkEventTypes(eventTypes: readonly string[] | null | undefined): Finding[] {
  if (eventTypes === undefined) return [];
  if (eventTypes === null) return [checkNotNull('eventTypes', eventTypes)];
  const sound = eventTypes.length > 0 && eventTypes.length <= PATTERNS_MAX;
  if (!sound) return [{ path: 'eventTypes', rule: `1 to ${PATTERNS_MAX} types` }];
  return eventTypes.map((pattern, index) =>
    check(
      `eventTypes.${index}`,
      isEventPattern(pattern),
      'a type of webhookEventTypes, a group of them such as approval.*, or *',
    ),
  );
}

/** The endpoint's row under its lock. @throws NOT_FOUND */
export async function lockEndpoint(
  tx: TransactionContext,
  id: string,
): Promise<{ readonly id: string; readonly state: string; readonly secret: string }> {
  const endpointId = requireId(id, 'webhook endpoint');
  const row = await readDb(tx.em)
    .selectFrom('webhook_endpoint')
    .select(['id', 'state', 'secret'])
    .where('id', '=', endpointId)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: 'webhook endpoint' });
  return row;
}

/** 256 random bits, as the library and the specification write them. */
export const newWebhookSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
