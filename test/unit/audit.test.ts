import { describe, expect, test } from '@jest/globals';
import { faultText } from '../../src/workflows/audit.js';
import { verifyExport } from '../../src/workflows/audit-file.js';
import { faultOfCertificate, type Certificate } from '../../src/workflows/certificate.js';
import { isSignedBy, leafHashOf, signingKeyFromSeed } from '../../src/workflows/checkpoint.js';
import { inclusionProof, leafHash, MerkleTree, rootFromProof } from '../../src/workflows/merkle.js';
import { differences } from '../../src/workflows/replay.js';
import { addCheckpoint, forge, linesOf, rechain, type Record } from '../support/audit-record.js';

/** The leaves of Certificate Transparency's own tests, and the roots of their first 1 … 8. */
const LEAVES = ['', '\0', '\x10', ' !', '01', '@ABC', 'PQRSTUVW', '`abcdefghijklmno'];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('the Merkle tree', () => {
  test('is that of RFC 6962: the published roots of one to eight leaves', () => {
    const tree = new MerkleTree();
    expect(tree.root()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    const roots = LEAVES.map((leaf) => (tree.append(leafHash(leaf)), tree.root()));
    expect(roots).toEqual(ROOTS);
  });

  test('proves each leaf of each tree to 70 leaves, and no leaf in another place', () => {
    const hashes = Array.from({ length: 70 }, (_, index) => leafHash(`leaf ${index}`));
    const tree = new MerkleTree();
    for (const [last, hash] of hashes.entries()) {
      tree.append(hash);
      const size = last + 1;
      for (let index = 0; index < size; index += 1) {
        const proof = inclusionProof(hashes.slice(0, size), index);
        expect(rootFromProof(hashes[index]!, index, size, proof)).toBe(tree.root());
        if (size > 1)
          expect(rootFromProof(hashes[index]!, (index + 1) % size, size, proof)).not.toBe(tree.root());
      }
    }
  });
});

const KEY = signingKeyFromSeed(Buffer.alloc(32, 7));
const FOREIGN = signingKeyFromSeed(Buffer.alloc(32, 8));
const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 9, minute)).toISOString();
const fact = (type: string, minute: number, more: object = {}): string =>
  JSON.stringify({ at: at(minute), type, ...more });

function request(n: number): Record['requests'][number] {
  const head = {
    requestId: `00000000-0000-7000-8000-00000000000${n}`,
    number: `A-2026-0000${n}`,
    factCount: 0,
    chainHead: '',
    processDigest: 'p',
  };
  const texts = [
    fact('SUBMITTED', 0, { by: `person-${n}` }),
    fact('STEP_OPENED', 0),
    fact('DECIDED', 5, { by: 'b', decision: 'APPROVED', ordinal: 1 }),
    fact('ENDED', 5),
  ];
  const made = {
    head,
    events: texts.map((canonical) => ({ requestId: head.requestId, sequence: 0, canonical, digest: '' })),
  };
  rechain(made);
  return made;
}

function record(): Record {
  const made: Record = { requests: [request(1), request(2), request(3)], leaves: [], checkpoints: [] };
  addCheckpoint(made, KEY, at(10));
  made.requests.push(request(4));
  addCheckpoint(made, KEY, at(20));
  return made;
}

const KEPT = record().checkpoints.at(-1)!;
const kept = { checkpoint: KEPT, publicKey: KEY.publicKey };

async function found(twist: (made: Record) => void, anchor: object = kept): Promise<string | null> {
  const made = record();
  twist(made);
  const { fault } = await verifyExport(linesOf(made), anchor);
  return fault && faultText(fault);
}

describe('an export is verified from itself alone', () => {
  test('untouched it is sound, with and without what was kept elsewhere', async () => {
    expect(await found(() => undefined)).toBeNull();
    expect(await found(() => undefined, {})).toBeNull();
    expect(await verifyExport(linesOf(record()), kept)).toEqual({
      requests: 4,
      facts: 16,
      leaves: 4,
      checkpoints: 2,
      fault: null,
    });
  });

  test.each<[string, (made: Record) => void, string]>([
    [
      'an edit',
      ({ requests }) =>
        void (requests[1]!.events[2]!.canonical = fact('DECIDED', 5, { decision: 'REJECTED' })),
      'A-2026-00002, fact 3: its text is not the one',
    ],
    [
      'a deletion',
      ({ requests }) => void requests[1]!.events.splice(1, 1),
      'A-2026-00002, fact 2: it is missing',
    ],
    [
      'an insertion',
      ({ requests }) => void requests[1]!.events.splice(2, 0, { ...requests[1]!.events[1]! }),
      'A-2026-00002, fact 3: a second fact 2 stands here',
    ],
    [
      'another order',
      ({ requests }) =>
        void requests[1]!.events.splice(1, 2, requests[1]!.events[2]!, requests[1]!.events[1]!),
      'A-2026-00002, fact 2: it is missing',
    ],
    [
      'a cut tail',
      ({ requests }) => void requests[1]!.events.pop(),
      'A-2026-00002, fact 4: it is missing: the request counts 4 facts',
    ],
    [
      'a fact of another request',
      ({ requests }) =>
        void (requests[1]!.events[2] = {
          ...requests[0]!.events[2]!,
          requestId: requests[1]!.head.requestId,
        }),
      'A-2026-00002, fact 3: its text',
    ],
    [
      'another head',
      ({ requests }) => void (requests[2]!.head.chainHead = 'f'.repeat(64)),
      'A-2026-00003, fact 4: the request names another head',
    ],
    [
      'time that goes back',
      ({ requests }) => {
        requests[0]!.events[2]!.canonical = fact('DECIDED', -1);
        rechain(requests[0]!);
      },
      'A-2026-00001, fact 3: it happened at',
    ],
    [
      'a fact of no known kind',
      ({ requests }) => {
        requests[0]!.events[1]!.canonical = fact('BRIBED', 1);
        rechain(requests[0]!);
      },
      'A-2026-00001, fact 2: its type BRIBED is not known',
    ],
  ])('%s is found by the chain, at its place', async (_, twist, place) => {
    expect(await found(twist, {})).toContain(place);
  });

  const cutTail = ({ requests }: Record): void => {
    requests[1]!.events.pop();
    rechain(requests[1]!);
  };
  const rewritten = ({ requests }: Record): void => {
    requests[1]!.events[2]!.canonical = fact('DECIDED', 5, { decision: 'REJECTED' });
    rechain(requests[1]!);
  };
  const swapped = ({ requests: [one, two] }: Record): void => {
    [one!.events, two!.events] = [two!.events, one!.events];
    rechain(one!);
    rechain(two!);
  };
  const removed = ({ requests }: Record): void => void requests.splice(1, 1);

  test.each<[string, (made: Record) => void, string]>([
    ['a tail that was cut', cutTail, 'A-2026-00002, fact 4: it was cut off: a checkpoint has seen 4 facts'],
    ['a chain that was rewritten', rewritten, 'A-2026-00002, fact 4: the chain up to it was rewritten'],
    ['histories that were exchanged', swapped, 'A-2026-00001, fact 4: the chain up to it was rewritten'],
    ['a request that was removed', removed, 'A-2026-00002: the request is gone'],
  ])('%s together with all digests is found by the leaves', async (_, twist, place) => {
    expect(await found(twist)).toContain(place);
  });

  test.each([
    ['cut', cutTail],
    ['rewritten', rewritten],
    ['exchanged', swapped],
    ['removed', removed],
  ])(
    '%s, with leaves and checkpoints forged to match: found by the checkpoint and the key that were kept elsewhere, and by nothing else',
    async (_, twist) => {
      const forged = (made: Record): void => {
        twist(made);
        forge(made, FOREIGN);
      };
      expect(await found(forged)).toContain('checkpoint 1: its signature is not by the key you trust');
      expect(await found(forged, { checkpoint: KEPT })).toContain('checkpoint 2: ');
      expect(await found(forged, {})).toBeNull();
    },
  );

  test('a whole record that is older than what was kept elsewhere', async () => {
    const older = (made: Record): void => {
      made.requests.pop();
      made.leaves.pop();
      made.checkpoints.pop();
    };
    expect(await found(older)).toContain('checkpoint 2: it was kept elsewhere and is gone here');
    expect(await found(older, { publicKey: KEY.publicKey })).toBeNull();
  });

  test('a file that was cut short, lengthened or garbled', async () => {
    const lines = linesOf(record());
    expect((await verifyExport(lines.slice(0, -1), kept)).fault?.problem).toContain('cut short');
    await expect(verifyExport([...lines, lines[1]!])).rejects.toThrow('more after the end');
    await expect(verifyExport([...lines.slice(0, 6), '{'])).rejects.toThrow('line 7: not JSON');
    await expect(verifyExport(['{"header":{"format":"other/1"}}'])).rejects.toThrow('not the header');
    await expect(
      verifyExport([lines[0]!, linesOf(record()).find((line) => line.startsWith('{"event"'))!]),
    ).rejects.toThrow('outside its request');
  });
});

test('a checkpoint is signed for each of its fields', () => {
  expect(isSignedBy(KEPT, KEY.publicKey)).toBe(true);
  expect(isSignedBy(KEPT, FOREIGN.publicKey)).toBe(false);
  const changed = {
    sequence: 9,
    at: at(1),
    treeSize: 9,
    root: 'r',
    previous: 'p',
    signature: 'AAAA',
    keyId: FOREIGN.keyId,
  };
  for (const [name, value] of Object.entries(changed))
    expect([name, isSignedBy({ ...KEPT, [name]: value }, KEY.publicKey)]).toEqual([name, false]);
  expect(isSignedBy(KEPT, 'no key')).toBe(false);
});

/** The parts of a certificate that are twisted below. */
interface Copy {
  readonly request: { number: string };
  readonly decisions: { decision: string; readonly person: { id: string } }[];
  readonly chain: { readonly facts: { canonical: string }[] };
  readonly proof: { readonly path: string[]; readonly leaf: { chainHead: string } };
}

test('a certificate stands or falls by its own facts, proof and signature', () => {
  const { requests, leaves, checkpoints } = record();
  const { head, events } = requests[1]!;
  const person = { id: 'b', name: 'Bea' };
  const certificate = {
    format: 'countersign-certificate/1',
    request: { id: head.requestId, number: head.number },
    decisions: [{ fact: 3, at: at(5), decision: 'APPROVED', person }],
    chain: { head: head.chainHead, facts: events.map(({ canonical, digest }) => ({ canonical, digest })) },
    proof: {
      leaf: leaves[1],
      position: 1,
      path: inclusionProof(leaves.map(leafHashOf), 1),
      checkpoint: checkpoints[1],
    },
  } as unknown as Certificate;
  expect(faultOfCertificate(certificate, KEY.publicKey)).toBeNull();
  expect(faultOfCertificate(certificate, FOREIGN.publicKey)).toContain('not signed');
  const twisted = (twist: (copy: Copy) => void): string | null => {
    const copy = structuredClone(certificate);
    twist(copy as unknown as Copy);
    return faultOfCertificate(copy, KEY.publicKey);
  };
  expect(twisted((copy) => (copy.decisions[0]!.decision = 'REJECTED'))).toContain('fact 3');
  expect(twisted((copy) => (copy.decisions[0]!.person.id = 'c'))).toContain('fact 3');
  expect(twisted((copy) => (copy.chain.facts[1]!.canonical = '{}'))).toContain('fact 2');
  expect(twisted((copy) => copy.chain.facts.pop())).toContain('head');
  expect(twisted((copy) => (copy.request.number = 'A-2026-00009'))).toContain('another request');
  expect(twisted((copy) => (copy.proof.path[0] = 'f'.repeat(64)))).toContain('does not lead to the root');
  expect(twisted((copy) => (copy.proof.leaf.chainHead = 'f'.repeat(64)))).toContain('another chain');
});

test('differences name the field', () => {
  const day = new Date(0);
  expect(differences({ a: 1, b: [{ c: day }], d: null }, { a: 1, b: [{ c: new Date(0) }], d: null })).toEqual(
    [],
  );
  expect(differences({ a: 1, b: [{ c: day }] }, { a: 1, b: [{ c: new Date(1) }, 2] })).toEqual([
    'b.0.c: "1970-01-01T00:00:00.000Z", not "1970-01-01T00:00:00.001Z" as the facts say',
    'b.1: nothing, not 2 as the facts say',
  ]);
});
