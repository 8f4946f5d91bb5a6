import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { canonicalText } from './canonical.js';
import { leafHash } from './merkle.js';

/** The head of one request's chain as a checkpoint found it; a leaf of the tree. Leaves are only ever added. */
export interface AuditLeaf {
  readonly requestId: string;
  /** The human number. */
  readonly number: string;
  readonly factCount: number;
  readonly chainHead: string;
  /** SHA-256 of the process definition that the request is pinned to. */
  readonly processDigest: string;
}

export const leafHashOf = ({ requestId, number, factCount, chainHead, processDigest }: AuditLeaf): Buffer =>
  leafHash(canonicalText({ requestId, number, factCount, chainHead, processDigest }));

/** A signed statement: at this time the tree had so many leaves and this root. */
export interface Checkpoint {
  /** 1, 2, 3 … */
  readonly sequence: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly treeSize: number;
  /** Hex. */
  readonly root: string;
  /** Digest of the checkpoint before it; of the first the digest of nothing. */
  readonly previous: string;
  /** Ed25519 over the canonical text, in base64. */
  readonly signature: string;
  /** SHA-256 of the public key (SPKI, DER), its first 16 hex digits. */
  readonly keyId: string;
  /** PEM. It tells which key to look for; whom to trust is for the reader to know from elsewhere. */
  readonly publicKey: string;
}

type Unsigned = Omit<Checkpoint, 'signature' | 'keyId' | 'publicKey'>;

/** What stands before the first checkpoint. */
export const NO_CHECKPOINT = '0'.repeat(64);

const FORMAT = 'countersign-checkpoint/1';
const textOf = ({ sequence, at, treeSize, root, previous }: Unsigned): string =>
  canonicalText({ format: FORMAT, sequence, at, treeSize, root, previous });

export const checkpointDigest = (checkpoint: Unsigned): string =>
  createHash('sha256').update(textOf(checkpoint)).digest('hex');

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: string;
  readonly keyId: string;
}

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The key of a 32-byte seed. */
export const signingKeyFromSeed = (seed: Buffer): SigningKey => {
  if (seed.length !== 32) throw new RangeError('an Ed25519 seed has 32 bytes');
  return asSigningKey(
    createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' }),
  );
};

/** The key of a PEM file. @throws Error when it is no Ed25519 private key */
export function signingKeyFromPem(pem: string): SigningKey {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 private key');
  return asSigningKey(key);
}

function asSigningKey(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString();
  return { privateKey, publicKey, keyId: keyIdOf(publicKey) };
}

export const keyIdOf = (publicKeyPem: string): string =>
  createHash('sha256')
    .update(createPublicKey(publicKeyPem).export({ format: 'der', type: 'spki' }))
    .digest('hex')
    .slice(0, 16);

export const signCheckpoint = (
  unsigned: Unsigned,
  { privateKey, publicKey, keyId }: SigningKey,
): Checkpoint => ({
  ...unsigned,
  signature: sign(null, Buffer.from(textOf(unsigned)), privateKey).toString('base64'),
  keyId,
  publicKey,
});

/** Whether the signature is by this key (PEM). Never throws, whatever it is given. */
export function isSignedBy(checkpoint: Checkpoint, publicKeyPem: string): boolean {
  try {
    if (keyIdOf(publicKeyPem) !== checkpoint.keyId) return false;
    return verify(
      null,
      Buffer.from(textOf(checkpoint)),
      createPublicKey(publicKeyPem),
      Buffer.from(checkpoint.signature, 'base64'),
    );
  } catch {
    return false;
  }
}
