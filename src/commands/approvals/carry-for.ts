import { readRequests } from '../../entities/approvals/request-rows.js';
import type { Context } from '../../context.js';
import { outsideBounds } from '../../workflows/carry-bounds.js';
import type { Carry } from '../../workflows/carry-over.js';
import type { ProcessDefinition } from '../../workflows/process.js';
import type { SubjectSnapshot } from '../../workflows/request.js';
import { changedFields } from '../../workflows/resubmission.js';
import { SUBJECT_TYPES } from '../../workflows/subject-types.js';
import { readStanding } from './standing.js';
import { SUBJECTS } from './subjects/index.js';
import { isOver, type LoadedSubject, type SubjectHandler } from './subjects/subject.js';

interface Submitting {
  readonly handler: SubjectHandler;
  readonly subject: LoadedSubject;
  readonly snapshot: SubjectSnapshot;
  readonly purpose: string;
  readonly definition: ProcessDefinition;
}

/**
 * What a submission may take over: of the request that approved this subject before it was changed, else of the
 * document that it was made from, where the process carries from that. null: nothing, everybody is asked.
 */
export async function carryFor(
  ctx: Pick<Context, 'em' | 'now'>,
  { subject, snapshot, purpose, definition }: Submitting,
): Promise<Carry | null> {
  const standing = await readStanding(ctx.em, subject.id, purpose);
  if (standing !== null) {
    const [source] = await readRequests(ctx.em, [standing.requestId]);
    if (!source) return null;
    const changed = changedFields(source.state.subject, snapshot);
    return { because: 'RE_APPROVAL', source: source.state, number: source.number, changed, voided: [] };
  }
  return followUp(ctx, subject, snapshot, definition);
}

/** An approval that is void, or of a document whose time has run out, does not carry. */
async function followUp(
  ctx: Pick<Context, 'em' | 'now'>,
  subject: LoadedSubject,
  snapshot: SubjectSnapshot,
  { carry }: ProcessDefinition,
): Promise<Carry | null> {
  const { madeFrom } = subject;
  if (!carry || !madeFrom || madeFrom.type !== carry.from) return null;
  const [purpose] = SUBJECT_TYPES[madeFrom.type].purposes;
  const standing = await readStanding(ctx.em, madeFrom.id, purpose);
  if (standing === null) return null;
  const origin = await SUBJECTS[madeFrom.type].read(ctx as Context, madeFrom.id, null);
  if (isOver(origin, ctx.now)) return null;
  const [source] = await readRequests(ctx.em, [standing.requestId]);
  if (!source) return null;
  return {
    because: 'FOLLOW_UP',
    source: source.state,
    number: source.number,
    changed: outsideBounds(snapshot.type, source.state.subject.content, snapshot.content, carry.same),
    voided: standing.voidedSteps,
  };
}
