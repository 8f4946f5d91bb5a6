import type { TestApp } from './test-app.js';

/** Contracts under a process published by `publishProcess`, told over the API. */
export interface RequestStory {
  /** A contract of the salesperson for the process of this key. */
  contract(process: string): Promise<string>;
  /** Submits a new contract; answers the request's id. */
  submit(process: string, more?: object): Promise<string>;
  /** The open assignment of a person in a request, found through their inbox. */
  taskOf(person: string, requestId: string): Promise<string>;
  act(person: string, mutation: string, requestId: string, more?: object): Promise<void>;
  /** Whose turn it is, sorted. */
  asked(requestId: string): Promise<string[]>;
  /** Whose turn it is, and for whom they act: `tech for legal`. */
  askedFor(requestId: string): Promise<string[]>;
  statusOf(requestId: string): Promise<string>;
}

const INPUTS: Readonly<Record<string, string>> = {
  approve: 'DecisionInput',
  reject: 'DecisionInput',
  delegateAssignment: 'DelegateInput',
  transferAssignment: 'TransferInput',
  claimAssignment: 'ClaimInput',
  releaseAssignment: 'ClaimInput',
};

interface Shown {
  readonly status: string;
  readonly steps: readonly {
    readonly assignments: readonly {
      readonly status: string;
      readonly person: { readonly email: string };
      readonly onBehalfOf: { readonly email: string } | null;
    }[];
  }[];
}

export function requestStory(app: TestApp): RequestStory {
  const contract = async (process: string): Promise<string> => {
    const { customers } = await app.ask<{ customers: { edges: { node: { id: string } }[] } }>(
      'sales',
      '{ customers { edges { node { id } } } }',
    );
    const input = {
      title: `Under ${process}`,
      customerId: customers.edges[0]!.node.id,
      amount: { amount: '1000.00', currency: 'CNY' },
      signingMode: process,
    };
    const made = await app.ask<{ createContract: { contract: { id: string } } }>(
      'sales',
      'mutation ($input: CreateContractInput!) { createContract(input: $input) { contract { id } } }',
      { input },
    );
    return made.createContract.contract.id;
  };
  const shown = async (id: string): Promise<Shown> =>
    (
      await app.ask<{ approvalRequest: Shown }>(
        'sales',
        `query ($id: ID!) { approvalRequest(id: $id) { status steps { assignments { status person { email } onBehalfOf { email } } } } }`,
        { id },
      )
    ).approvalRequest;
  const taskOf = async (person: string, requestId: string): Promise<string> => {
    const { inbox } = await app.ask<{ inbox: { edges: { node: { id: string } }[] } }>(
      person,
      'query ($filter: InboxFilter) { inbox(first: 50, filter: $filter) { edges { node { id } } } }',
      { filter: { requestId } },
    );
    const task = inbox.edges[0];
    if (!task) throw new Error(`${person} is not being asked`);
    return task.node.id;
  };
  const open = async (id: string) =>
    (await shown(id)).steps.flatMap((step) => step.assignments).filter(({ status }) => status === 'OPEN');
  const key = ({ email }: { readonly email: string }): string => email.split('@')[0] as string;

  return {
    contract,
    taskOf,
    async submit(process, more = {}) {
      const input = { subjectType: 'CONTRACT', subjectId: await contract(process), ...more };
      const { submitForApproval } = await app.ask<{ submitForApproval: { request: { id: string } } }>(
        'sales',
        'mutation ($input: SubmitForApprovalInput!) { submitForApproval(input: $input) { request { id } } }',
        { input },
      );
      return submitForApproval.request.id;
    },
    async act(person, mutation, requestId, more = {}) {
      await app.ask(
        person,
        `mutation ($input: ${INPUTS[mutation]}!) { ${mutation}(input: $input) { request { status } } }`,
        { input: { assignmentId: await taskOf(person, requestId), ...more } },
      );
    },
    asked: async (id) => (await open(id)).map(({ person }) => key(person)).toSorted(),
    askedFor: async (id) =>
      (await open(id))
        .map(({ person, onBehalfOf }) => key(person) + (onBehalfOf ? ` for ${key(onBehalfOf)}` : ''))
        .toSorted(),
    statusOf: async (id) => (await shown(id)).status,
  };
}
