import type { StoredRequest } from '../../entities/approvals/request-rows.js';
import { noWrites, writeRows } from '../../entities/write-rows.js';
import { isRefusal } from '../../errors.js';
import { decide } from '../../workflows/decide.js';
import { effectsOf, type Effect } from '../../workflows/effects.js';
import { evolve } from '../../workflows/evolve.js';
import { asksForLoad } from '../../workflows/process.js';
import type { Command, Fact, RequestState, World } from '../../workflows/request.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import type { TransactionContext } from '../transaction.js';
import { nowFor } from './apply-command.js';
import { announce, noticesOf, planDecision } from './carry-out.js';
import { keepRoute } from './keep-route.js';

/** What a command would make of a request; no facts: there is nothing to do. */
export interface Decided {
  readonly stored: StoredRequest;
  readonly facts: readonly Fact[];
  readonly after: RequestState;
  readonly effects: readonly Effect[];
  readonly world: World;
}

/**
 * Decides on many requests, each on its own, under the locks of the caller; writes nothing. null where one has to go
 * through `applyTo` alone: a refusal, a decision that changes the subject, a definition that asks who has most to do.
 */
export async function decideOnMany(
  tx: TransactionContext,
  due: readonly { readonly stored: StoredRequest; readonly command: Command }[],
): Promise<(Decided | null)[]> {
  const { organisation, calendarOf } = await loadOrganisation(tx.em);
  return due.map(({ stored, command }) => {
    if (asksForLoad(stored.definition)) return null;
    const world = { now: nowFor(tx, stored), organisation, calendarOf, load: undefined };
    const facts = decideOrLeave(stored, command, world);
    if (facts === null) return null;
    const after = facts.reduce(evolve, stored.state);
    const effects = effectsOf(after, facts);
    return effects.some(({ type }) => type === 'SUBJECT') ? null : { stored, facts, after, effects, world };
  });
}

function decideOrLeave({ state }: StoredRequest, command: Command, world: World): Fact[] | null {
  try {
    return decide(state, command, world);
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

/** Saves what was decided on different requests: one statement a table, not one a request. */
export async function saveMany(tx: TransactionContext, decided: readonly Decided[]): Promise<void> {
  const changed = decided.filter(({ facts }) => facts.length > 0);
  const writes = noWrites();
  const notices = [];
  for (const decision of changed) {
    const assignmentIds = await planDecision(tx, writes, decision);
    notices.push(...noticesOf(decision.stored.state, decision.after, assignmentIds));
  }
  await writeRows(tx.em, writes);
  for (const { after, facts, world } of changed) await keepRoute(tx, after, facts, world);
  await announce(tx, notices);
}
