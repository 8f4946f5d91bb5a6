import { createHash } from 'node:crypto';

/** Merkle tree hashing as RFC 6962 (section 2.1) has it: leaves and nodes are hashed apart, and the tree only grows. */

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);

export const leafHash = (leaf: string): Buffer => sha256(LEAF, Buffer.from(leaf, 'utf8'));
const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer => sha256(NODE, left, right);

/** A tree that is grown leaf by leaf in constant memory: the roots of its complete subtrees, largest first. */
export class MerkleTree {
  #size = 0;
  readonly #peaks: { readonly height: number; readonly hash: Buffer }[] = [];

  get size(): number {
    return this.#size;
  }

  append(hash: Buffer): void {
    let peak = { height: 0, hash };
    for (let last = this.#peaks.at(-1); last?.height === peak.height; last = this.#peaks.at(-1)) {
      this.#peaks.pop();
      peak = { height: peak.height + 1, hash: nodeHash(last.hash, peak.hash) };
    }
    this.#peaks.push(peak);
    this.#size += 1;
  }

  /** Hex; of the empty tree the SHA-256 of nothing. */
  root(): string {
    if (this.#peaks.length === 0) return sha256().toString('hex');
    return this.#peaks
      .map(({ hash }) => hash)
      .reduceRight((right, left) => nodeHash(left, right))
      .toString('hex');
  }
}

/** The largest power of two below `size`; size ≥ 2. */
const splitOf = (size: number): number => 2 ** Math.floor(Math.log2(size - 1));

/** The hashes (hex) that lead from leaf `index` to the root, nearest first. @throws RangeError for a leaf that is not there */
export function inclusionProof(hashes: readonly Buffer[], index: number): string[] {
  if (!Number.isInteger(index) || index < 0 || index >= hashes.length)
    throw new RangeError(`no leaf ${index}`);
  const rootOf = (from: number, to: number): Buffer => {
    const size = to - from;
    if (size === 1) return hashes[from] as Buffer;
    const split = from + splitOf(size);
    return nodeHash(rootOf(from, split), rootOf(split, to));
  };
  const path = (from: number, to: number): Buffer[] => {
    if (to - from === 1) return [];
    const split = from + splitOf(to - from);
    return index < split
      ? [...path(from, split), rootOf(split, to)]
      : [...path(split, to), rootOf(from, split)];
  };
  return path(0, hashes.length).map((hash) => hash.toString('hex'));
}

/** The root (hex) that a leaf and its proof lead to; null when the proof has another length than the place demands. */
export function rootFromProof(
  leaf: Buffer,
  index: number,
  size: number,
  proof: readonly string[],
): string | null {
  if (index < 0 || index >= size) return null;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  for (const step of proof) {
    if (last === 0) return null;
    const sibling = Buffer.from(step, 'hex');
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else hash = nodeHash(hash, sibling);
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? hash.toString('hex') : null;
}
