import { readDb } from '../../src/entities/read-db.js';
import type { TestApp } from './test-app.js';

export interface FlowStep {
  readonly key: string;
  readonly status: string;
  readonly assignments: readonly {
    readonly id: string;
    readonly status: string;
    readonly person: { readonly email: string };
  }[];
}
export interface FlowRequest {
  readonly id: string;
  readonly number: string;
  readonly status: string;
  readonly round: number;
  readonly steps: readonly FlowStep[];
}

const FIELDS = 'id number status round steps { key status assignments { id status person { email } } }';
const INPUTS = {
  approve: 'DecisionInput',
  reject: 'DecisionInput',
  returnForChanges: 'ReturnInput',
} as const;

/** Contracts of the demo salesperson on their way through the API. */
export interface ContractFlow {
  create(fields?: Record<string, unknown>): Promise<string>;
  submit(contractId: string): Promise<FlowRequest>;
  view(requestId: string): Promise<FlowRequest>;
  /** The first person's open assignment is decided. */
  act(person: string, verb: keyof typeof INPUTS, requestId: string, comment?: string): Promise<void>;
  resubmit(requestId: string): Promise<void>;
  /** Creates, submits and has everybody in turn approve. */
  approved(fields: Record<string, unknown>, people: readonly string[]): Promise<string>;
  /** Changes rows of the organisation directly; the revision follows by trigger. */
  change(
    table: 'app_user' | 'role_grant',
    set: Record<string, unknown>,
    where: Record<string, unknown>,
  ): Promise<void>;
}

export function contractFlow(app: TestApp): ContractFlow {
  let customerId: string | undefined;
  const flow: ContractFlow = {
    async create(fields = {}) {
      customerId ??= (
        await app.ask<{ customers: { edges: { node: { id: string } }[] } }>(
          'sales',
          '{ customers { edges { node { id } } } }',
        )
      ).customers.edges[0]!.node.id;
      const input = {
        title: 'Contract',
        customerId,
        amount: { amount: '120000.00', currency: 'CNY' },
        ...fields,
      };
      const { createContract } = await app.ask<{ createContract: { contract: { id: string } } }>(
        'sales',
        'mutation ($input: CreateContractInput!) { createContract(input: $input) { contract { id } } }',
        { input },
      );
      return createContract.contract.id;
    },
    async submit(subjectId) {
      const { submitForApproval } = await app.ask<{ submitForApproval: { request: FlowRequest } }>(
        'sales',
        `mutation ($input: SubmitForApprovalInput!) { submitForApproval(input: $input) { request { ${FIELDS} } } }`,
        { input: { subjectType: 'CONTRACT', subjectId } },
      );
      return submitForApproval.request;
    },
    async view(id) {
      return (
        await app.ask<{ approvalRequest: FlowRequest }>(
          'sales',
          `query ($id: ID!) { approvalRequest(id: $id) { ${FIELDS} } }`,
          { id },
        )
      ).approvalRequest;
    },
    async act(person, verb, requestId, comment = 'fine') {
      const { steps } = await flow.view(requestId);
      const task = steps
        .flatMap(({ assignments }) => assignments)
        .find((one) => one.status === 'OPEN' && one.person.email === `${person}@demo.local`);
      if (!task) throw new Error(`${person} is not being asked: ${JSON.stringify(steps)}`);
      await app.ask(
        person,
        `mutation ($input: ${INPUTS[verb]}!) { ${verb}(input: $input) { request { status } } }`,
        { input: { assignmentId: task.id, comment } },
      );
    },
    async resubmit(requestId) {
      await app.ask(
        'sales',
        'mutation ($input: ResubmitInput!) { resubmit(input: $input) { request { id } } }',
        {
          input: { requestId, comment: 'changed' },
        },
      );
    },
    async approved(fields, people) {
      const { id } = await flow.submit(await flow.create(fields));
      for (const person of people) await flow.act(person, 'approve', id);
      return id;
    },
    async change(table, set, where) {
      let query = readDb(app.app.orm.em.fork())
        .updateTable(table)
        .set(set as never);
      for (const [column, value] of Object.entries(where))
        query = query.where(column as never, '=', value as never);
      await query.execute();
    },
  };
  return flow;
}
