import { refusal } from '../../errors.js';
import { readRequests, type StoredRequest } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { noWrites, writeRows } from '../../entities/write-rows.js';
import { decide } from '../../workflows/decide.js';
import { effectsOf } from '../../workflows/effects.js';
import { evolve } from '../../workflows/evolve.js';
import type { ProcessDefinition } from '../../workflows/process.js';
import { SYSTEM, type Command, type Fact, type RequestState } from '../../workflows/request.js';
import { stageActivity } from '../projects/stage-activity.js';
import type { TransactionContext } from '../transaction.js';
import { announce, changeSubject, noticesOf, planDecision } from './carry-out.js';
import { keepRoute } from './keep-route.js';
import { loadWorld } from './load-world.js';

/** What a command did: the request as it is now, and what happened. No facts: there was nothing to do. */
export interface Applied {
  readonly state: RequestState;
  readonly facts: readonly Fact[];
  readonly assignmentIds: readonly string[];
}

/**
 * The one place where a request changes: locks its row, decides on what is stored now, and saves rows, events, timers,
 * messages and the subject's change in the caller's transaction. Of two commands at the same instant the second
 * decides on what the first has left. @throws the refusals of `decide`
 */
export async function applyCommand(
  tx: TransactionContext,
  requestId: string,
  command: Command | ((stored: StoredRequest) => Command | Promise<Command>),
): Promise<Applied> {
  const stored = await lockRequest(tx, requestId);
  const made = typeof command === 'function' ? await command(stored) : command;
  return applyTo(tx, stored, made);
}

/** Decides on a request whose row this transaction has locked or made. */
export async function applyTo(
  tx: TransactionContext,
  stored: StoredRequest,
  command: Command,
): Promise<Applied> {
  const definition = command.type === 'migrate' ? command.definition : stored.definition;
  const world = await loadWorld({ em: tx.em, now: nowFor(tx, stored) }, definition, stored.id);
  const facts = decide(stored.state, command, world);
  if (facts.length === 0) return { state: stored.state, facts, assignmentIds: stored.assignmentIds };
  const after = facts.reduce(evolve, { ...stored.state, definition });
  const processVersionId =
    definition === stored.definition ? stored.processVersionId : await versionIdOf(tx, definition);
  const effects = effectsOf(after, facts);
  const writes = noWrites();
  const assignmentIds = await planDecision(tx, writes, {
    stored: { ...stored, processVersionId },
    after,
    facts,
    effects,
  });
  await writeRows(tx.em, writes);
  await keepRoute(tx, after, facts, world);
  await changeSubject(tx, after, effects, 'by' in command ? command.by : SYSTEM);
  if (isActivity(command)) await tellStage(tx, after);
  await announce(tx, noticesOf(stored.state, after, assignmentIds));
  return { state: after, facts, assignmentIds };
}

/** What people do about the subject itself; a nudge, an absence and the machine's own acts bring nothing forward. */
const isActivity = (command: Command): boolean =>
  !['timer', 'expire', 'nudge', 'substitute', 'give-back', 'replace-leaver', 'unblock'].includes(
    command.type,
  );

/** What happens to a request for a document or a project has happened to the stage that it is of. */
async function tellStage(tx: TransactionContext, { subject }: RequestState): Promise<void> {
  if (subject.type === 'DOCUMENT') await stageActivity(tx, { documentId: subject.id });
  if (subject.type === 'PROJECT') await stageActivity(tx, { projectId: subject.id });
}

async function versionIdOf(tx: TransactionContext, { key, version }: ProcessDefinition): Promise<string> {
  const { id } = await readDb(tx.em)
    .selectFrom('process_version')
    .select('id')
    .where('key', '=', key)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  return id;
}

/**
 * The command's time, or that of the newest fact when it is later: who waited for the lock, or whose machine's clock is
 * behind, writes no history that goes back in time.
 */
export const nowFor = ({ now }: TransactionContext, { lastFactAt }: StoredRequest): Date =>
  lastFactAt !== null && lastFactAt > now ? lastFactAt : now;

/** The request under its row lock. @throws NOT_FOUND */
export async function lockRequest(tx: TransactionContext, requestId: string): Promise<StoredRequest> {
  await readDb(tx.em)
    .selectFrom('approval_request')
    .select('id')
    .where('id', '=', requestId)
    .forUpdate()
    .execute();
  const [stored] = await readRequests(tx.em, [requestId]);
  if (!stored) throw refusal('NOT_FOUND', { what: 'approval request' });
  return stored;
}
