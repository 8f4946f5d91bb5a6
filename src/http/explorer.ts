import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const FOLDER = '/explorer/';
const OPTIONS_FILE = 'initial_options.js';

/** The page and its files, and no request off the machine: whatever a script tries, only this origin can be reached. */
const PAGE_POLICY = [
  "default-src 'none'",
  "base-uri 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "frame-src 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const INITIAL_QUERY = `# Sign in, then put the access token into the environment (top right) as "accessToken":
# every request, and every subscription, sends it along.
#
# The documentation of every type and field is behind the "Docs" button.
query Explore {
  __typename
}
`;

export interface Explorer {
  /** Whether a request to the GraphQL endpoint comes from a browser's address line. */
  wanted(request: FastifyRequest): boolean;
  readonly page: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A GraphQL explorer (Altair) that works without the internet. Its files are served under /explorer/. */
export async function serveExplorer(app: FastifyInstance, endpoint: string): Promise<Explorer> {
  const { getDistDirectory, renderAltair, renderInitSnippet } = await import('altair-static');
  const options = {
    baseURL: FOLDER,
    endpointURL: endpoint,
    subscriptionsEndpoint: endpoint,
    initialSubscriptionRequestHandlerId: 'graphql-ws' as const,
    initialSubscriptionsPayload: { authorization: 'Bearer {{accessToken}}' },
    initialHeaders: { Authorization: 'Bearer {{accessToken}}' },
    initialEnvironments: { base: { title: 'Environment', variables: { accessToken: '' } } },
    initialQuery: INITIAL_QUERY,
    disableAccount: true,
  };
  // In a file of its own, so that the policy needs no inline script.
  const rendered = renderAltair({ ...options, serveInitialOptionsInSeperateRequest: OPTIONS_FILE });
  // Its banner offers a plug-in from another machine.
  const page = rendered.replace('</head>', '<style>app-banner-container{display:none}</style></head>');
  const script = renderInitSnippet(options);
  app.get(`${FOLDER}${OPTIONS_FILE}`, (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(script),
  );
  await app.register(fastifyStatic, {
    root: getDistDirectory(),
    prefix: FOLDER,
    index: false,
    decorateReply: false,
    setHeaders: (response) => {
      response.header('content-security-policy', PAGE_POLICY);
      response.header('cache-control', 'public, max-age=3600');
    },
  });
  return {
    wanted: ({ method, headers, query }) =>
      method === 'GET' &&
      /\btext\/html\b/.test(headers.accept ?? '') &&
      !Object.hasOwn(query as object, 'query'),
    page,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': PAGE_POLICY,
      'cache-control': 'no-cache',
    },
  };
}
