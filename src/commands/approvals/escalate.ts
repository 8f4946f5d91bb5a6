import { z } from 'zod';
import type { Timer } from '../../entities/schedule/timer.js';
import type { Command } from '../../workflows/request.js';
import type { TransactionContext } from '../transaction.js';
import { applyCommand } from './apply-command.js';

const payloadSchema = z.object({ step: z.string(), round: z.int(), attempt: z.int(), index: z.int() });

/**
 * What a timer asks of its request: that its own time has run out, or that a reminder or a rung of the ladder is due. The
 * core decides on what is stored then; a stale timer changes nothing.
 */
export function commandOf({ kind, payload }: Pick<Timer, 'kind' | 'payload'>): Command {
  if (kind === 'approval-expiry') return { type: 'expire' };
  const what = kind === 'approval-reminder' ? 'reminder' : 'rung';
  return { type: 'timer', kind: what, ...payloadSchema.parse(payload) };
}

/** Carries it out in the transaction that fires the timer. */
export async function escalate(tx: TransactionContext, timer: Timer): Promise<void> {
  await applyCommand(tx, timer.subjectId, commandOf(timer));
}
