import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from '../../context.js';
import { DecisionLink, LinkDecision } from '../../entities/approvals/decision-link.js';
import { readRequests } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { insertRows } from '../../entities/write-rows.js';
import { newRowId } from '../../entities/row-id.js';
import { isRefusal, refusal } from '../../errors.js';
import { DECISION_LINK_HOURS, LINK_TRIES, LINK_WINDOW_SECONDS } from '../../limits.js';
import { permitByMail } from '../../workflows/mail-decision.js';
import type { RequestState } from '../../workflows/request.js';
import { consume, throttleOf } from '../throttle.js';
import { inTransaction } from '../transaction.js';
import { applyCommand } from './apply-command.js';

/** Path of the page that a link opens; the token follows. */
export const DECISION_PATH = '/decision';

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');
const newToken = (): string => randomBytes(32).toString('base64url');

/**
 * Links that may carry a decision of this person on their open turn in a request: none where the definition, the step's
 * demands or an interest forbid it. Each is for one turn, one person, one decision; it expires, and works once. A mail sent
 * again gets links of its own, and the turn is decided once all the same.
 */
export async function linksToDecide(
  ctx: Context,
  { requestId, personId }: { readonly requestId: string; readonly personId: string },
  publicUrl: string,
): Promise<{ decision: LinkDecision; link: string }[]> {
  const [stored] = await readRequests(ctx.em, [requestId]);
  const turn = stored?.state.assignments.findLast(
    (assignment) => assignment.personId === personId && assignment.status === 'OPEN',
  );
  if (!stored || !turn) return [];
  const decisions = Object.values(LinkDecision).filter((decision) =>
    isPermitted(stored.state, turn.ordinal, decision, personId),
  );
  const made = decisions.map((decision) => ({ decision, token: newToken() }));
  const expiresAt = new Date(ctx.now.getTime() + DECISION_LINK_HOURS * 3_600_000);
  await insertRows(
    ctx.em,
    DecisionLink,
    made.map(({ decision, token }) => ({
      id: newRowId(),
      tokenHash: hashOf(token),
      formToken: newToken(),
      assignmentId: stored.assignmentIds[turn.ordinal - 1] as string,
      personId,
      decision,
      expiresAt,
    })),
  );
  return made.map(({ decision, token }) => ({ decision, link: `${publicUrl}${DECISION_PATH}/${token}` }));
}

function isPermitted(request: RequestState, ordinal: number, decision: LinkDecision, by: string): boolean {
  try {
    permitByMail(request, ordinal, decision, by);
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

/**
 * Decides by a link, through the path that every decision takes; the trail says that it came by a link. `formToken`
 * comes from the page that the link opens, so opening it decides nothing. A refusal leaves the link as it was.
 * @throws NOT_FOUND for a link that is unknown, expired, used, or of someone who left; RATE_LIMITED; the refusals of `decide`
 */
export async function decideByLink(ctx: Context, token: string, formToken: string): Promise<void> {
  const done = await inTransaction(ctx, async (tx) => {
    const link = await readDb(tx.em)
      .selectFrom('decision_link as link')
      .innerJoin('approval_assignment as assignment', 'assignment.id', 'link.assignment_id')
      .innerJoin('app_user as person', 'person.id', 'link.person_id')
      .select(['link.id', 'link.form_token', 'link.person_id', 'link.decision'])
      .select(['assignment.request_id', 'assignment.ordinal'])
      .where('link.token_hash', '=', hashOf(token))
      .where('link.used_at', 'is', null)
      .where('link.expires_at', '>', tx.now as never)
      .where('person.active', '=', true)
      .forUpdate('link')
      .executeTakeFirst();
    if (!link || !areEqual(link.form_token, formToken)) return false;
    await readDb(tx.em)
      .updateTable('decision_link')
      .set({ used_at: tx.now })
      .where('id', '=', link.id)
      .execute();
    await applyCommand(tx, link.request_id, {
      type: 'decide',
      via: 'MAIL_LINK',
      by: link.person_id,
      ordinal: link.ordinal,
      action: link.decision as LinkDecision,
      comment: null,
      evidence: null,
    });
    return true;
  });
  if (done) return;
  await countBadLink(ctx);
  throw refusal('NOT_FOUND', { what: 'page' });
}

/** Counts a link that leads nowhere against the address it came from. @throws RATE_LIMITED */
export const countBadLink = (ctx: Context): Promise<void> =>
  consume(
    throttleOf(ctx, { tries: LINK_TRIES, seconds: LINK_WINDOW_SECONDS }),
    hashOf(`decision link ${ctx.address}`),
  );

const areEqual = (known: string, given: string): boolean =>
  timingSafeEqual(Buffer.from(hashOf(known)), Buffer.from(hashOf(given)));
