import { z } from 'zod';
import type { Timer } from '../../entities/schedule/timer.js';
import type { TransactionContext } from '../transaction.js';
import { applyCommand } from './apply-command.js';

const payloadSchema = z.object({ step: z.string(), round: z.int(), attempt: z.int(), index: z.int() });

/** The request's own time has run out; stale when it has ended, stands still or was moved. */
export async function expire(tx: TransactionContext, timer: Timer): Promise<void> {
  await applyCommand(tx, timer.subjectId, { type: 'expire' });
}

/**
 * A reminder or a rung of the ladder is due. The core decides on what is stored now: a stale timer changes nothing.
 */
export async function escalate(tx: TransactionContext, timer: Timer): Promise<void> {
  const payload = payloadSchema.parse(timer.payload);
  const kind = timer.kind === 'approval-reminder' ? 'reminder' : 'rung';
  await applyCommand(tx, timer.subjectId, { type: 'timer', kind, ...payload });
}
