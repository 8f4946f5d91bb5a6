import { createHash } from 'node:crypto';
import type { Context } from '../../context.js';
import { readRequests } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { isRefusal, messageOf, type Language, type Refusal } from '../../errors.js';
import { permitByMail } from '../../workflows/mail-decision.js';
import { stepOf } from '../../workflows/process.js';

/** What a link would decide, and whether it still can; null: there is no such link, or its person left. */
export interface DecisionLinkView {
  readonly language: Language;
  readonly decision: 'APPROVE' | 'REJECT';
  /** `done`: decided, by this link or otherwise; `refused`: the person must sign in, or may not decide. */
  readonly state: 'open' | 'done' | 'expired' | 'refused';
  /** Why it was refused, in the person's language. */
  readonly reason: string | null;
  readonly person: string;
  readonly title: string;
  readonly number: string;
  readonly amount: string | null;
  readonly requester: string;
  readonly step: string;
  readonly formToken: string;
}

/** Reads only: whatever opens the link, a mail scanner included, changes nothing. */
export async function decisionLinkView(ctx: Context, token: string): Promise<DecisionLinkView | null> {
  const link = await readDb(ctx.em)
    .selectFrom('decision_link as link')
    .innerJoin('approval_assignment as assignment', 'assignment.id', 'link.assignment_id')
    .innerJoin('approval_request as request', 'request.id', 'assignment.request_id')
    .innerJoin('app_user as person', 'person.id', 'link.person_id')
    .innerJoin('app_user as requester', 'requester.id', 'request.requester_id')
    .select(['link.form_token', 'link.decision', 'link.expires_at', 'link.used_at', 'link.person_id'])
    .select(['assignment.request_id', 'assignment.ordinal', 'assignment.step_key', 'request.title'])
    .select(['request.number', 'request.amount', 'request.currency', 'requester.name as requester'])
    .select(['person.name as person', 'person.language'])
    .where('link.token_hash', '=', createHash('sha256').update(token).digest('hex'))
    .where('person.active', '=', true)
    .executeTakeFirst();
  const [stored] = link ? await readRequests(ctx.em, [link.request_id]) : [];
  if (!link || !stored) return null;
  const language: Language = link.language === 'zh' ? 'zh' : 'en';
  const decision = link.decision as DecisionLinkView['decision'];
  const title = stepOf(stored.definition, link.step_key)?.title;
  const refused = refusalBy(() => permitByMail(stored.state, link.ordinal, decision, link.person_id));
  return {
    language,
    decision,
    ...stateOf(link, refused, language, ctx.now),
    person: link.person,
    title: link.title,
    number: link.number,
    amount: link.amount === null ? null : `${link.currency ?? ''} ${link.amount}`.trim(),
    requester: link.requester,
    step: (language === 'zh' ? (title?.zh ?? title?.en) : title?.en) ?? link.step_key,
    formToken: link.form_token,
  };
}

const OVER = new Set(['ASSIGNMENT_NOT_OPEN', 'REQUEST_ENDED', 'NOT_FOUND']);

function stateOf(
  link: { readonly used_at: string | null; readonly expires_at: string },
  refused: Refusal | null,
  language: Language,
  now: Date,
): Pick<DecisionLinkView, 'state' | 'reason'> {
  if (link.used_at !== null || (refused && OVER.has(refused.code))) return { state: 'done', reason: null };
  if (new Date(link.expires_at) <= now) return { state: 'expired', reason: null };
  if (!refused) return { state: 'open', reason: null };
  return { state: 'refused', reason: messageOf(refused.code, refused.details, language) };
}

function refusalBy(ask: () => unknown): Refusal | null {
  try {
    ask();
    return null;
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
}
