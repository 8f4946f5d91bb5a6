import { chainDigest, chainStart } from './canonical.js';
import { isSignedBy, leafHashOf, type AuditLeaf, type Checkpoint } from './checkpoint.js';
import { rootFromProof } from './merkle.js';
import type { Localised, ProcessDefinition } from './process.js';
import { stepOf } from './process.js';
import { SYSTEM, type Fact, type RequestState } from './request.js';

/** A person as the certificate names them. */
export interface NamedPerson {
  readonly id: string;
  readonly name: string;
}

/** One decision: who, when, by which rule and for whom, on exactly which content. */
export interface CertifiedDecision {
  /** Sequence of the fact that says so. */
  readonly fact: number;
  readonly at: string;
  readonly round: number;
  readonly step: { readonly key: string; readonly title: Localised };
  readonly decision: string;
  /** null: the system, by an escalation. */
  readonly person: NamedPerson | null;
  readonly onBehalfOf: NamedPerson | null;
  /** The rule that chose the person; it names the role where one did. */
  readonly rule: string | null;
  /** SHA-256 of the watched content that was before them. */
  readonly contentDigest: string;
  readonly comment: string | null;
  readonly evidence: string | null;
}

/** That a signed checkpoint has seen the chain. */
export interface InclusionProof {
  readonly leaf: AuditLeaf;
  readonly position: number;
  /** Hashes from the leaf to the root, hex. */
  readonly path: readonly string[];
  readonly checkpoint: Checkpoint;
}

export interface Certificate {
  readonly format: typeof CERTIFICATE_FORMAT;
  readonly issuedAt: string;
  readonly request: {
    readonly id: string;
    readonly number: string;
    readonly status: string;
    readonly purpose: string;
    readonly round: number;
    readonly submittedAt: string;
    readonly endedAt: string | null;
    readonly requester: NamedPerson;
    readonly subject: {
      readonly type: string;
      readonly id: string;
      readonly number: string;
      readonly title: string;
      readonly digest: string;
    };
  };
  readonly process: {
    readonly key: string;
    readonly version: number;
    readonly title: Localised;
    readonly digest: string;
  };
  readonly decisions: readonly CertifiedDecision[];
  /** The whole history as it is chained. */
  readonly chain: {
    readonly head: string;
    readonly facts: readonly { readonly canonical: string; readonly digest: string }[];
  };
  /** null: no checkpoint has seen the request yet. */
  readonly proof: InclusionProof | null;
}

export const CERTIFICATE_FORMAT = 'countersign-certificate/1';

/** The decisions among the facts. `personOf` names people by id. */
export function decisionsOf(
  facts: readonly Fact[],
  { definition, assignments }: RequestState,
  personOf: (id: string) => NamedPerson,
): CertifiedDecision[] {
  const decisions: CertifiedDecision[] = [];
  let contentDigest = '';
  let round = 1;
  const add = (
    fact: Fact,
    index: number,
    what: Pick<CertifiedDecision, 'decision' | 'comment' | 'evidence'> & {
      ordinal?: number;
      step?: string;
      by: string;
    },
  ): void => {
    const assignment = what.ordinal === undefined ? undefined : assignments[what.ordinal - 1];
    const { decision, comment, evidence, by } = what;
    const behalf = assignment?.handOver?.fromPersonId;
    decisions.push({
      fact: index + 1,
      at: fact.at.toISOString(),
      round,
      step: stepNamed(definition, what.step ?? assignment?.stepKey ?? ''),
      decision,
      person: by === SYSTEM ? null : personOf(by),
      onBehalfOf: behalf === undefined ? null : personOf(behalf),
      rule: assignment?.rule ?? null,
      contentDigest,
      comment,
      evidence,
    });
  };
  for (const [index, fact] of facts.entries()) {
    if ('subject' in fact) contentDigest = fact.subject.digest;
    if (fact.type === 'RESUBMITTED') round = fact.round;
    if (fact.type === 'DECIDED') add(fact, index, fact);
    if (fact.type === 'DELEGATE_ANSWERED')
      add(fact, index, { ...fact, decision: `PROPOSED ${fact.proposal}`, evidence: null });
    if (fact.type === 'SYSTEM_DECIDED')
      add(fact, index, {
        step: fact.step,
        by: SYSTEM,
        decision: fact.verdict,
        comment: null,
        evidence: null,
      });
  }
  return decisions;
}

const stepNamed = (definition: ProcessDefinition, key: string): CertifiedDecision['step'] => ({
  key,
  title: stepOf(definition, key)?.title ?? { en: key },
});

/** The first thing in a certificate that its own facts, proof and signature contradict; null when all fit together. */
export function faultOfCertificate(
  { request, chain, decisions, proof }: Certificate,
  publicKey?: string,
): string | null {
  let digest = chainStart(request.id);
  for (const [index, fact] of chain.facts.entries()) {
    digest = chainDigest(digest, fact.canonical);
    if (digest !== fact.digest) return `fact ${index + 1}: its text is not the one that was chained`;
  }
  if (digest !== chain.head) return 'the chain does not end at its head';
  for (const { fact, person, decision, at } of decisions) {
    const said = JSON.parse(chain.facts[fact - 1]?.canonical ?? '{}') as Record<string, unknown>;
    const word = said['decision'] ?? said['verdict'] ?? `PROPOSED ${String(said['proposal'])}`;
    if (said['at'] !== at || word !== decision || (said['by'] ?? null) !== (person?.id ?? null))
      return `fact ${fact}: it says something else than the decision that is shown`;
  }
  return proof ? faultOfProof(request, chain, proof, publicKey) : null;
}

function faultOfProof(
  request: Certificate['request'],
  chain: Certificate['chain'],
  { leaf, position, path, checkpoint }: InclusionProof,
  publicKey?: string,
): string | null {
  if (leaf.requestId !== request.id || leaf.number !== request.number)
    return 'the proof is of another request';
  if (chain.facts[leaf.factCount - 1]?.digest !== leaf.chainHead)
    return `the proof is of another chain than the one shown, up to fact ${leaf.factCount}`;
  if (rootFromProof(leafHashOf(leaf), position, checkpoint.treeSize, path) !== checkpoint.root)
    return `the proof does not lead to the root of checkpoint ${checkpoint.sequence}`;
  return isSignedBy(checkpoint, publicKey ?? checkpoint.publicKey)
    ? null
    : `checkpoint ${checkpoint.sequence} is not signed by the key`;
}
