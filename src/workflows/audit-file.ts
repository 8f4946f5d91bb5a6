import { AuditCheck, type Anchor, type AuditEvent, type AuditHead, type Verified } from './audit.js';
import type { AuditLeaf, Checkpoint } from './checkpoint.js';

/**
 * An export is JSON Lines: one header, the leaves, then for each request its head followed by its facts, the checkpoints,
 * and a last line that counts them all, so that a file that was cut short shows. No names and no free text
 * are in it: facts hold ids and commitments.
 */
export type ExportLine =
  | { readonly header: { readonly format: string; readonly exportedAt: string } }
  | { readonly request: AuditHead }
  | { readonly event: Omit<AuditEvent, 'columns'> }
  | { readonly leaf: AuditLeaf }
  | { readonly checkpoint: Checkpoint }
  | { readonly end: Counts };

interface Counts {
  readonly requests: number;
  readonly events: number;
  readonly leaves: number;
  readonly checkpoints: number;
}

export const EXPORT_FORMAT = 'countersign-audit/1';

export const exportLine = (line: ExportLine): string => `${JSON.stringify(line)}\n`;

/** Verifies an export with nothing else at hand. @throws Error naming the line that is no line of an export */
export async function verifyExport(
  lines: Iterable<string> | AsyncIterable<string>,
  anchor: Anchor = {},
): Promise<Verified> {
  const leaves: AuditLeaf[] = [];
  const checkpoints: Checkpoint[] = [];
  const found = { requests: 0, events: 0, leaves: 0, checkpoints: 0 };
  let check: AuditCheck | null = null;
  let open: OpenRequest | null = null;
  let end: Counts | null = null;
  let place = 0;
  for await (const text of lines) {
    place += 1;
    if (text === '') continue;
    const stray = (problem: string): Error => new Error(`line ${place}: ${problem}`);
    if (end) throw stray('there is more after the end');
    const line = lineOf(text, place);
    if ('event' in line) {
      if (open?.head.requestId !== line.event.requestId) throw stray('a fact stands outside its request');
      open.events.push(line.event);
      found.events += 1;
      continue;
    }
    if (open) (check ??= new AuditCheck(leaves)).request(open.head, open.events);
    open = null;
    if ('request' in line) {
      open = { head: line.request, events: [] };
      found.requests += 1;
    } else if ('leaf' in line) {
      if (check) throw stray('leaves stand before requests');
      leaves.push(line.leaf);
    } else if ('checkpoint' in line) checkpoints.push(line.checkpoint);
    else if ('end' in line) end = line.end;
    else if (line.header.format !== EXPORT_FORMAT || place > 1)
      throw stray(`not the header of ${EXPORT_FORMAT}`);
  }
  if (open) (check ??= new AuditCheck(leaves)).request(open.head, open.events);
  const verified = (check ?? new AuditCheck(leaves)).finish(checkpoints, anchor);
  return {
    ...verified,
    fault:
      verified.fault ?? endFault(end, { ...found, leaves: leaves.length, checkpoints: checkpoints.length }),
  };
}

interface OpenRequest {
  readonly head: AuditHead;
  readonly events: AuditEvent[];
}

function endFault(end: Counts | null, found: Counts): Verified['fault'] {
  const fault = (problem: string): Verified['fault'] => ({ request: null, sequence: null, problem });
  if (!end) return fault('the export was cut short: its last line is missing');
  const wrong = (Object.keys(found) as (keyof Counts)[]).find((name) => end[name] !== found[name]);
  return wrong ? fault(`the export holds ${found[wrong]} ${wrong}, and says ${end[wrong]}`) : null;
}

const KINDS = ['header', 'request', 'event', 'leaf', 'checkpoint', 'end'];

function lineOf(text: string, place: number): ExportLine {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    throw new Error(`line ${place}: not JSON`);
  }
  const [kind, ...more] = Object.keys(line ?? {});
  if (typeof line !== 'object' || kind === undefined || more.length > 0 || !KINDS.includes(kind))
    throw new Error(`line ${place}: not a line of an export`);
  return line as ExportLine;
}
