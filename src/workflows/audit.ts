import { chainDigest, chainStart } from './canonical.js';
import {
  checkpointDigest,
  isSignedBy,
  keyIdOf,
  leafHashOf,
  NO_CHECKPOINT,
  type AuditLeaf,
  type Checkpoint,
} from './checkpoint.js';
import { engineFor, engineOf } from './engine-versions.js';
import { MerkleTree } from './merkle.js';
import { SYSTEM, type FactType } from './request.js';
import { commitmentOf, commitmentsIn } from './seal.js';

/**
 * Verifies the record of approvals from plain rows, asking nothing of the database it came from. What can be told from
 * the rows alone: edits, gaps, insertions, another order. What needs a checkpoint that was kept elsewhere: a removed
 * request, a cut tail, a chain rewritten from some fact on.
 */

/** A stored fact. The columns beside the chained text repeat it for searching; a live database gives them as well. */
export interface AuditEvent {
  readonly requestId: string;
  readonly sequence: number;
  readonly canonical: string;
  readonly digest: string;
  readonly columns?: { readonly type: string; readonly actorId: string | null; readonly at: string };
}

/** Where the rows say that a request's chain ends. */
export type AuditHead = AuditLeaf;

/** A value beside the chain; value and salt are null once it was erased. */
export interface AuditText {
  readonly commitment: string;
  readonly salt: string | null;
  readonly value: unknown;
  readonly erased: boolean;
}

/** The first thing that is wrong, and where. */
export interface AuditFault {
  /** The request's number, or null when a checkpoint itself is at fault. */
  readonly request: string | null;
  /** The first fact that fails; null when no single fact does. */
  readonly sequence: number | null;
  readonly problem: string;
}

/** Fact types that this version knows; the compiler asks for a new one's row. */
const KNOWN: Readonly<Record<FactType, true>> = {
  SUBMITTED: true,
  STEP_OPENED: true,
  STEP_SKIPPED: true,
  STEP_BLOCKED: true,
  PEOPLE_NOTIFIED: true,
  ASSIGNMENT_OPENED: true,
  DECIDED: true,
  DELEGATE_ANSWERED: true,
  ASSIGNMENT_CLOSED: true,
  HANDED_OVER: true,
  APPROVER_ADDED: true,
  STEP_CLOSED: true,
  RETURNED: true,
  RESUBMITTED: true,
  NUDGED: true,
  REMINDED: true,
  ESCALATED: true,
  SYSTEM_DECIDED: true,
  ENDED: true,
  INFORMATION_REQUESTED: true,
  INFORMATION_GIVEN: true,
  CLOCK_RESTARTED: true,
  DUE_MOVED: true,
  EXPIRY_MOVED: true,
  PAUSED: true,
  RESUMED: true,
  COMMENTED: true,
  COPIED_IN: true,
  REVOKED: true,
  APPROVER_REMOVED: true,
  AMENDED: true,
  REASSIGNED: true,
  OVERRIDDEN: true,
  ATTACHED: true,
  CARRIED_OVER: true,
  CLAIMED: true,
  RELEASED: true,
  GIVEN_BACK: true,
  MIGRATED: true,
  CONTACT_CHANGED: true,
};

interface ReadFact {
  readonly type: string;
  readonly at: string;
  readonly by: string | null;
  readonly engine?: unknown;
}

function factOf(canonical: string): ReadFact | null {
  try {
    const { type, at, by, engine } = JSON.parse(canonical) as Record<string, unknown>;
    if (typeof type !== 'string' || typeof at !== 'string') return null;
    return { type, at, by: typeof by === 'string' && by !== SYSTEM ? by : null, engine };
  } catch {
    return null;
  }
}

/** What is wrong with one fact where it stands, or null. */
function faultOfEvent(
  event: AuditEvent,
  place: number,
  head: string,
  before: ReadFact | null,
): string | null {
  if (event.sequence < place) return `a second fact ${event.sequence} stands here`;
  if (event.sequence > place) return 'it is missing';
  if (chainDigest(head, event.canonical) !== event.digest)
    return 'its text is not the one that was chained, or the fact before it was another';
  const fact = factOf(event.canonical);
  if (!fact) return 'its text is no fact';
  if (!engineFor(fact)) return `its engine version ${JSON.stringify(engineOf(fact))} is not known`;
  if (!Object.hasOwn(KNOWN, fact.type)) return `its type ${fact.type} is not known`;
  if ((place === 1) !== (fact.type === 'SUBMITTED'))
    return place === 1 ? 'a history begins with SUBMITTED' : 'a request is SUBMITTED once';
  if (before && fact.at < before.at)
    return `it happened at ${fact.at}, before the fact ahead of it (${before.at})`;
  const { columns } = event;
  if (columns && (columns.type !== fact.type || columns.actorId !== fact.by || columns.at !== fact.at))
    return 'its columns say something else than its text';
  return null;
}

/** Verifies one request's chain; `events` in the order of their sequence. */
export function verifyRequest(
  head: AuditHead,
  events: readonly AuditEvent[],
  texts?: ReadonlyMap<string, AuditText>,
): AuditFault | null {
  const fault = (sequence: number | null, problem: string): AuditFault => ({
    request: head.number,
    sequence,
    problem,
  });
  let digest = chainStart(head.requestId);
  let before: ReadFact | null = null;
  for (const [index, event] of events.entries()) {
    const problem =
      faultOfEvent(event, index + 1, digest, before) ?? (texts ? faultOfTexts(event, texts) : null);
    if (problem !== null) return fault(index + 1, problem);
    digest = event.digest;
    before = factOf(event.canonical);
  }
  if (events.length < head.factCount)
    return fault(events.length + 1, `it is missing: the request counts ${head.factCount} facts`);
  if (events.length > head.factCount)
    return fault(head.factCount + 1, `it was added: the request counts ${head.factCount} facts`);
  if (digest !== head.chainHead)
    return fault(events.length === 0 ? null : events.length, 'the request names another head of its chain');
  return null;
}

function faultOfTexts({ canonical }: AuditEvent, texts: ReadonlyMap<string, AuditText>): string | null {
  for (const commitment of commitmentsIn(canonical)) {
    const text = texts.get(commitment);
    if (!text) return 'a text that it commits to is gone, and was not erased';
    if (
      text.erased
        ? text.salt !== null || text.value !== null
        : text.salt === null || commitmentOf(text.salt, text.value) !== commitment
    ) {
      return 'a text is not the one that it commits to';
    }
  }
  return null;
}

/** What was kept elsewhere. */
export interface Anchor {
  readonly checkpoint?: Checkpoint;
  /** PEM. Without it the keys that the checkpoints bring along are believed. */
  readonly publicKey?: string;
}

export interface Verified {
  readonly requests: number;
  readonly facts: number;
  readonly leaves: number;
  readonly checkpoints: number;
  /** Null: all is well. */
  readonly fault: AuditFault | null;
}

/** Judges requests one by one against the leaves that saw them, then the checkpoints; answers the first fault. */
export class AuditCheck {
  #fault: AuditFault | null = null;
  #facts = 0;
  readonly #leaves: readonly AuditLeaf[];
  readonly #leavesOf: ReadonlyMap<string, readonly AuditLeaf[]>;
  readonly #seen = new Set<string>();

  constructor(leaves: readonly AuditLeaf[]) {
    this.#leaves = leaves;
    this.#leavesOf = Map.groupBy(leaves, (leaf) => leaf.requestId);
  }

  /** @returns false once a fault was found: more need not be read */
  request(head: AuditHead, events: readonly AuditEvent[], texts?: ReadonlyMap<string, AuditText>): boolean {
    if (this.#fault) return false;
    const { requestId, number } = head;
    this.#fault = this.#seen.has(requestId)
      ? { request: number, sequence: null, problem: 'the request stands here twice' }
      : (verifyRequest(head, events, texts) ??
        faultOfLeaves(this.#leavesOf.get(requestId) ?? [], head, events));
    this.#seen.add(requestId);
    this.#facts += events.length;
    return this.#fault === null;
  }

  /** @param checkpoints as stored beside the facts, in their order */
  finish(checkpoints: readonly Checkpoint[], anchor: Anchor = {}): Verified {
    const gone = this.#leaves.find((leaf) => !this.#seen.has(leaf.requestId));
    this.#fault ??= gone
      ? { request: gone.number, sequence: null, problem: 'the request is gone: a checkpoint has seen it' }
      : null;
    this.#fault ??= faultOfCheckpoints(this.#leaves, checkpoints, anchor);
    return {
      requests: this.#seen.size,
      facts: this.#facts,
      leaves: this.#leaves.length,
      checkpoints: checkpoints.length,
      fault: this.#fault,
    };
  }
}

function faultOfLeaves(
  leaves: readonly AuditLeaf[],
  head: AuditHead,
  events: readonly AuditEvent[],
): AuditFault | null {
  for (const { number, factCount, chainHead, processDigest } of leaves) {
    const fault = (sequence: number | null, problem: string): AuditFault => ({
      request: number,
      sequence,
      problem,
    });
    if (head.number !== number) return fault(null, `the request bears another number now: ${head.number}`);
    if (events.length < factCount)
      return fault(events.length + 1, `it was cut off: a checkpoint has seen ${factCount} facts`);
    if (events[factCount - 1]?.digest !== chainHead)
      return fault(factCount, 'the chain up to it was rewritten: a checkpoint has seen another');
    if (head.factCount === factCount && head.processDigest !== processDigest)
      return fault(null, 'the request names another process definition now');
  }
  return null;
}

/** Stored checkpoints follow one another, are signed, and state the root of their leaves; so does the one kept elsewhere. */
function faultOfCheckpoints(
  leaves: readonly AuditLeaf[],
  stored: readonly Checkpoint[],
  { checkpoint: kept, publicKey }: Anchor,
): AuditFault | null {
  const fault = (sequence: number, problem: string): AuditFault => ({
    request: null,
    sequence: null,
    problem: `checkpoint ${sequence}: ${problem}`,
  });
  let previous = NO_CHECKPOINT;
  let size = 0;
  for (const [index, checkpoint] of stored.entries()) {
    const { sequence } = checkpoint;
    if (sequence !== index + 1) return fault(index + 1, 'it is missing');
    if (checkpoint.previous !== previous) return fault(sequence, 'it does not follow the one before it');
    if (checkpoint.treeSize < size) return fault(sequence, 'its tree is smaller than the one before it');
    if (!isSignedBy(checkpoint, publicKey ?? checkpoint.publicKey))
      return fault(sequence, signatureProblem(checkpoint, publicKey));
    if (kept?.sequence === sequence && checkpointDigest(kept) !== checkpointDigest(checkpoint))
      return fault(sequence, 'the one that was kept elsewhere says something else');
    previous = checkpointDigest(checkpoint);
    size = checkpoint.treeSize;
  }
  if (kept) {
    if (!isSignedBy(kept, publicKey ?? kept.publicKey))
      return fault(kept.sequence, signatureProblem(kept, publicKey));
    if (kept.sequence > stored.length) return fault(kept.sequence, 'it was kept elsewhere and is gone here');
  }
  const stated = kept ? [...stored, kept] : stored;
  const roots = rootsOf(leaves, new Set(stated.map(({ treeSize }) => treeSize)));
  for (const { sequence, treeSize, root } of stated) {
    if (treeSize > leaves.length)
      return fault(sequence, `it counts ${treeSize} leaves, and there are ${leaves.length}`);
    if (roots.get(treeSize) !== root)
      return fault(
        sequence,
        `its ${treeSize} leaves have another root: a request was removed, or facts were rewritten, with their leaves`,
      );
  }
  return leaves.length > size
    ? fault(stored.length + 1, `${leaves.length - size} leaves stand in no checkpoint`)
    : null;
}

function signatureProblem({ keyId }: Checkpoint, publicKey: string | undefined): string {
  if (publicKey === undefined) return 'its signature is not by the key that it names';
  return `its signature is not by the key you trust (it names ${keyId}, yours is ${idOrNothing(publicKey)})`;
}

function idOrNothing(publicKey: string): string {
  try {
    return keyIdOf(publicKey);
  } catch {
    return 'not a public key';
  }
}

function rootsOf(leaves: readonly AuditLeaf[], sizes: ReadonlySet<number>): Map<number, string> {
  const tree = new MerkleTree();
  const roots = new Map<number, string>();
  if (sizes.has(0)) roots.set(0, tree.root());
  for (const leaf of leaves) {
    tree.append(leafHashOf(leaf));
    if (sizes.has(tree.size)) roots.set(tree.size, tree.root());
  }
  return roots;
}

/** `A-2026-00042, fact 7: …` */
export const faultText = ({ request, sequence, problem }: AuditFault): string =>
  [request, sequence === null ? null : `fact ${sequence}`].filter((part) => part !== null).join(', ') +
  (request === null ? problem : `: ${problem}`);
