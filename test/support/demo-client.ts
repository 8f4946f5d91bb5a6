import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './test-app.js';

/** For the demo people of every process that a test starts. */
export const DEMO_PASSWORD = 'a password for tests';

export interface Step {
  readonly key: string;
  readonly status: string;
  readonly assignments: readonly {
    readonly id: string;
    readonly status: string;
    readonly person: { readonly email: string };
  }[];
}

export interface RequestView {
  readonly id: string;
  readonly status: string;
  readonly digest: string;
  readonly steps: readonly Step[];
  readonly events: readonly { readonly type: string; readonly actor: { readonly email: string } | null }[];
}

/** The demo people at a running server, over HTTP. */
export interface DemoClient {
  /** @throws TypeError of fetch when the server is gone before it has answered */
  send<T>(as: string | null, query: string, variables?: Record<string, unknown>): Promise<Answer<T>>;
  /** As `send`, for operations that must succeed. */
  ask<T>(as: string | null, query: string, variables?: Record<string, unknown>): Promise<T>;
  /** As `send`, again and again while servers are killed; safe for what carries an idempotency key. */
  insist<T>(
    as: string,
    query: string,
    variables?: Record<string, unknown>,
    onTry?: () => void,
  ): Promise<Answer<T>>;
  tokenOf(person: string): Promise<string>;
  createContract(fields?: Record<string, unknown>): Promise<string>;
  submit(contractId: string, more?: object): Promise<RequestView>;
  view(requestId: string, as?: string): Promise<RequestView>;
}

export const SUBMIT = `mutation ($input: SubmitForApprovalInput!) { submitForApproval(input: $input) {
  request { id status digest steps { key status assignments { id status person { email } } } events { type actor { email } } } } }`;
export const VIEW = `query ($id: ID!) { approvalRequest(id: $id) { id status digest steps { key status assignments { id status person { email } } }
  events { type actor { email } } } }`;
export const CREATE =
  'mutation ($input: CreateContractInput!) { createContract(input: $input) { contract { id } } }';
export const decide = (verb: 'approve' | 'reject'): string =>
  `mutation ($input: DecisionInput!) { ${verb}(input: $input) { assignment { id status } request { id status } } }`;

/** `url` is asked before each request, so that it may name another process each time. */
export function demoClient(url: () => string, password = DEMO_PASSWORD): DemoClient {
  const tokens = new Map<string, Promise<string>>();
  let customerId: string | undefined;

  const post = async <T>(
    token: string | null,
    query: string,
    variables: Record<string, unknown>,
  ): Promise<Answer<T>> => {
    const response = await fetch(`${url()}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer<T>;
  };
  const signIn = async (person: string): Promise<string> => {
    const input = { email: `${person}@demo.local`, password };
    const { data, errors } = await post<{ signIn: { accessToken: string } }>(
      null,
      'mutation ($input: SignInInput!) { signIn(input: $input) { accessToken } }',
      { input },
    );
    if (!data) throw new Error(`${person} could not sign in: ${JSON.stringify(errors)}`);
    return data.signIn.accessToken;
  };
  const tokenOf = (person: string): Promise<string> => {
    const known = tokens.get(person) ?? signIn(person);
    tokens.set(person, known);
    known.catch(() => tokens.delete(person));
    return known;
  };
  const client: DemoClient = {
    tokenOf,
    send: async (as, query, variables = {}) => post(as === null ? null : await tokenOf(as), query, variables),
    async ask<T>(as: string | null, query: string, variables?: Record<string, unknown>) {
      const { data, errors } = await client.send<T>(as, query, variables);
      if (errors || data === null)
        throw new Error(`${as ?? 'nobody'} was refused: ${JSON.stringify(errors)}`);
      return data;
    },
    async insist<T>(
      as: string,
      query: string,
      variables?: Record<string, unknown>,
      onTry = (): void => undefined,
    ) {
      const giveUpAt = performance.now() + 60_000;
      for (;;) {
        onTry();
        const answer = await client.send<T>(as, query, variables).catch((error: unknown) => {
          if (performance.now() > giveUpAt) throw error;
          return null;
        });
        if (answer !== null && answer.errors?.[0]?.extensions.code !== 'SERVICE_UNAVAILABLE') return answer;
        await sleep(20);
      }
    },
    async createContract(fields = {}) {
      customerId ??= (
        await client.ask<{ customers: { edges: { node: { id: string } }[] } }>(
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
      return (await client.ask<{ createContract: { contract: { id: string } } }>('sales', CREATE, { input }))
        .createContract.contract.id;
    },
    async submit(subjectId, more = {}) {
      const input = { subjectType: 'CONTRACT', subjectId, ...more };
      return (await client.ask<{ submitForApproval: { request: RequestView } }>('sales', SUBMIT, { input }))
        .submitForApproval.request;
    },
    view: async (id, as = 'sales') =>
      (await client.ask<{ approvalRequest: RequestView }>(as, VIEW, { id })).approvalRequest,
  };
  return client;
}

/** The assignment that waits for this person. */
export function openTask({ steps }: RequestView, person: string): string {
  const open = steps
    .flatMap(({ assignments }) => assignments)
    .find((one) => one.status === 'OPEN' && one.person.email === `${person}@demo.local`);
  if (!open) throw new Error(`${person} is not being asked`);
  return open.id;
}
