import { Field, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { refusal } from '../../errors.js';
import { readCheckpoints, readLeaves } from '../../entities/approvals/checkpoint-rows.js';
import { readFactRows, valueIn } from '../../entities/approvals/fact-rows.js';
import type { StoredRequest } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { Json } from '../../entities/scalars.js';
import {
  CERTIFICATE_FORMAT,
  decisionsOf,
  type Certificate,
  type InclusionProof,
  type NamedPerson,
} from '../../workflows/certificate.js';
import { leafHashOf, type AuditLeaf } from '../../workflows/checkpoint.js';
import { inclusionProof } from '../../workflows/merkle.js';
import { peopleBehind } from '../../workflows/request.js';
import { unsealFact } from '../../workflows/seal.js';
import { requestIfVisible, storedRequest } from './request-view.js';

@ObjectType({
  description:
    'Who decided what, when, by which rule, on exactly which content: with what it takes to check it.',
})
export class EvidenceCertificate {
  @Field(() => Json, {
    description:
      'The certificate: request, process version, decisions, the chained facts, and the proof that a signed checkpoint has seen them. `npm run audit -- verify --certificate` checks it.',
  })
  document!: Certificate;

  @Field(() => String, {
    description: 'Where the same stands as a PDF; send your access token with the request.',
  })
  pdfPath!: string;
}

export async function evidenceCertificate(ctx: Context, requestId: string): Promise<EvidenceCertificate> {
  return { document: await certificateOf(ctx, requestId), pdfPath: `/files/certificates/${requestId}.pdf` };
}

/** The certificate of a request that the viewer may see. @throws NOT_FOUND */
export async function certificateOf(ctx: Context, requestId: string): Promise<Certificate> {
  const row = await requestIfVisible(ctx, requestId);
  if (!row) throw refusal('NOT_FOUND', { what: 'approval request' });
  const stored = await storedRequest(ctx, row.id);
  const { facts, texts } = await readFactRows(ctx.em, [stored.id]);
  const { state, definition } = stored;
  const { digest } = await readDb(ctx.em)
    .selectFrom('process_version')
    .select('digest')
    .where('id', '=', stored.processVersionId)
    .executeTakeFirstOrThrow();
  const personOf = await namesFor(ctx, stored);
  const valueOf = valueIn(texts);
  return {
    format: CERTIFICATE_FORMAT,
    issuedAt: ctx.now.toISOString(),
    request: {
      id: stored.id,
      number: stored.number,
      status: state.status,
      purpose: stored.purpose,
      round: state.round,
      submittedAt: state.submittedAt.toISOString(),
      endedAt: state.endedAt?.toISOString() ?? null,
      requester: personOf(state.requesterId),
      subject: {
        type: state.subject.type,
        id: state.subject.id,
        number: stored.subjectNumber,
        title: state.subject.title,
        digest: state.subject.digest,
      },
    },
    process: { key: definition.key, version: definition.version, title: definition.title, digest },
    decisions: decisionsOf(
      facts.map(({ canonical }) => unsealFact(canonical, valueOf)),
      state,
      personOf,
    ),
    chain: {
      head: stored.chainHead,
      facts: facts.map(({ canonical, digest: chained }) => ({ canonical, digest: chained })),
    },
    proof: await proofOf(ctx, stored.id),
  };
}

async function namesFor(ctx: Context, { state }: StoredRequest): Promise<(id: string) => NamedPerson> {
  const ids = new Set([
    state.requesterId,
    ...state.assignments.flatMap((assignment) => peopleBehind(state, assignment)),
  ]);
  const rows = await readDb(ctx.em)
    .selectFrom('app_user')
    .select(['id', 'name'])
    .where('id', 'in', [...ids])
    .execute();
  const names = new Map(rows.map(({ id, name }) => [id, name]));
  return (id) => ({ id, name: names.get(id) ?? id });
}

/** The newest leaf of the request under the newest checkpoint. Reads all leaves: some seconds among a million. */
async function proofOf(ctx: Context, requestId: string): Promise<InclusionProof | null> {
  const [checkpoint] = await readCheckpoints(ctx.em, { newest: 1 });
  if (!checkpoint) return null;
  const newest = await readDb(ctx.em)
    .selectFrom('audit_leaf')
    .select('position')
    .where('request_id', '=', requestId)
    .where('position', '<', checkpoint.treeSize)
    .orderBy('fact_count', 'desc')
    .executeTakeFirst();
  if (!newest) return null;
  const hashes: Buffer[] = [];
  let leaf: AuditLeaf | undefined;
  for await (const leaves of readLeaves(ctx.em, checkpoint.treeSize)) {
    leaf ??= leaves[newest.position - hashes.length];
    for (const one of leaves) hashes.push(leafHashOf(one));
  }
  return leaf
    ? { leaf, position: newest.position, path: inclusionProof(hashes, newest.position), checkpoint }
    : null;
}
