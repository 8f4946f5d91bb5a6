import { Field, ID, InputType, Int } from 'type-graphql';
import { sql } from 'kysely';
import type { Context } from '../../context.js';
import { refusal } from '../../errors.js';
import { ApprovalAssignment } from '../../entities/approvals/approval-assignment.js';
import { ApprovalQuestion } from '../../entities/approvals/approval-question.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { readFactRows, valueIn } from '../../entities/approvals/fact-rows.js';
import type { StoredRequest } from '../../entities/approvals/request-rows.js';
import { readDb, visible } from '../../entities/read-db.js';
import { replay } from '../../workflows/replay.js';
import { isEnded, type RequestState } from '../../workflows/request.js';
import { ERASED_TEXT, unsealFact } from '../../workflows/seal.js';
import { inTransaction, requireActor, requireId, type TransactionContext } from '../transaction.js';
import { lockRequest } from './apply-command.js';
import { announce, noticesOf } from './carry-out.js';
import { commentOf } from './comment.js';
import type { Submitted } from './submit.js';

@InputType({ description: 'Words to erase from the record of a request, for good.' })
export class EraseTextInput {
  @Field(() => ID, { description: 'The approval request.' })
  requestId!: string;

  @Field(() => Int, { description: 'The fact that holds the words: its sequence in `events`.' })
  sequence!: number;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Erases the title and the content that the fact submitted, instead of what people wrote. Only once the request has ended.',
  })
  subject?: boolean | null;

  @Field(() => String, { description: 'Why; kept with the erasure. At most 4000 characters.' })
  reason!: string;
}

/**
 * Erases what was written in one fact, wherever the same words stand in the record of its request: beside the chain,
 * in its rows, in messages and notifications. Salts go too. The chain stays as it was, and still verifies.
 * @throws NOT_FOUND, BAD_USER_INPUT, INVALID_STATE
 */
export function eraseText(ctx: Context, input: EraseTextInput): Promise<Submitted> {
  return inTransaction(ctx, async (tx) => {
    const reason = commentOf(input.reason, 'reason');
    if (reason === null)
      throw refusal('BAD_USER_INPUT', {
        reason: 'reason is missing',
        fields: [{ path: 'reason', rule: 'not empty' }],
      });
    const requestId = await requireErasable(tx, input.requestId);
    const stored = await lockRequest(tx, requestId);
    if (input.subject && !isEnded(stored.state))
      throw refusal('INVALID_STATE', { what: 'request', status: stored.state.status });
    const names = input.subject
      ? ['title', 'content', 'before', 'after']
      : ['comment', 'evidence', 'question', 'answer'];
    const values = await eraseBesideChain(tx, requestId, { sequence: input.sequence, names, reason });
    await rewriteRows(tx, stored, await replayed(tx, stored));
    await rewriteMessages(tx, requestId, values);
    await announce(tx, noticesOf(stored.state, stored.state, stored.assignmentIds));
    return { requestId };
  });
}

async function requireErasable(tx: TransactionContext, id: string): Promise<string> {
  const row = await readDb(tx.em)
    .selectFrom('approval_request')
    .select('id')
    .where('id', '=', requireId(id, 'approval request'))
    .where(visible(requireActor(tx), 'request:erase', 'approval_request'))
    .executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: 'approval request' });
  return row.id;
}

/** The words that were erased, as messages quote them. A decision's words stand in several facts (DECIDED, RETURNED, ENDED): all go together. */
async function eraseBesideChain(
  tx: TransactionContext,
  requestId: string,
  { sequence, names, reason }: { sequence: number; names: string[]; reason: string },
): Promise<string[]> {
  const texts = readDb(tx.em)
    .selectFrom('approval_text')
    .where('request_id', '=', requestId)
    .where('name', 'in', names);
  const meant = await texts
    .select('value')
    .where('sequence', '=', sequence)
    .where('value', 'is not', null)
    .execute();
  const values = meant.flatMap(({ value }) => value ?? []);
  if (values.length === 0) throw refusal('NOT_FOUND', { what: 'text' });
  await readDb(tx.em)
    .updateTable('approval_text')
    .set({ salt: null, value: null, erased_at: tx.now, erased_by_id: requireActor(tx).id, reason })
    .where('request_id', '=', requestId)
    .where('name', 'in', names)
    .where('value', 'in', values)
    .execute();
  const words = values
    .map((value) => JSON.parse(value) as unknown)
    .filter((value) => typeof value === 'string');
  return names.includes('comment') ? words.map((text) => `“${text}”`) : words;
}

async function replayed(tx: TransactionContext, { id, definition }: StoredRequest): Promise<RequestState> {
  const { facts, texts } = await readFactRows(tx.em, [id]);
  const valueOf = valueIn(texts);
  const made = replay(
    id,
    definition,
    facts.map(({ canonical }) => unsealFact(canonical, valueOf)),
  );
  if (!('sequence' in made)) return made;
  const status = `unknown (fact ${made.sequence} by engine version ${String(made.engine)})`;
  throw refusal('INVALID_STATE', { what: 'approval request', id, status });
}

/** Rows say what the facts say now; everything but the erased words is equal already. */
async function rewriteRows(tx: TransactionContext, stored: StoredRequest, now: RequestState): Promise<void> {
  for (const [index, assignment] of now.assignments.entries()) {
    const old = stored.state.assignments[index];
    if (old?.comment === assignment.comment && old.evidence === assignment.evidence) continue;
    const { comment, evidence } = assignment;
    await tx.em.nativeUpdate(
      ApprovalAssignment,
      { id: stored.assignmentIds[index] as string },
      { comment, evidence },
    );
  }
  for (const [index, question] of now.questions.entries()) {
    const old = stored.state.questions[index];
    if (old?.question === question.question && old.answer === question.answer) continue;
    const { number, question: words, answer } = question;
    await tx.em.nativeUpdate(ApprovalQuestion, { requestId: stored.id, number }, { question: words, answer });
  }
  const { title, content } = now.subject;
  if (title !== stored.state.subject.title)
    await tx.em.nativeUpdate(ApprovalRequest, { id: stored.id }, { title, content });
}

/** Messages quote comments in “” and begin with the title. */
async function rewriteMessages(
  tx: TransactionContext,
  requestId: string,
  words: readonly string[],
): Promise<void> {
  for (const text of words) {
    const erased = text.startsWith('“') ? `“${ERASED_TEXT}”` : ERASED_TEXT;
    const without = (column: string) => sql<string>`replace(${sql.ref(column)}, ${text}, ${erased})`;
    await readDb(tx.em)
      .updateTable('notification')
      .set({ text_en: without('text_en'), text_zh: without('text_zh') })
      .where('request_id', '=', requestId)
      .execute();
    const part = (name: string) => sql`to_jsonb(replace(payload ->> ${name}, ${text}, ${erased}))`;
    await sql`update outbox_message set payload = payload || jsonb_build_object('textEn', ${part('textEn')}, 'textZh', ${part('textZh')})
      where key like ${`${requestId}/%`} and payload ? 'textEn'`.execute(readDb(tx.em));
  }
}
