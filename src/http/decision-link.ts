import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../context.js';
import { isRefusal, messageOf, type Language } from '../errors.js';
import { headerOf, languageOf, requestOf, type ContextFor } from './request.js';

/** What a link would decide, as its page shows it. */
interface DecisionPage {
  readonly language: Language;
  readonly decision: 'APPROVE' | 'REJECT';
  readonly state: 'open' | 'done' | 'expired' | 'refused';
  readonly reason: string | null;
  readonly person: string;
  readonly title: string;
  readonly number: string;
  readonly amount: string | null;
  readonly requester: string;
  readonly step: string;
  readonly formToken: string;
}

export interface DecisionLinks {
  /** null: no such link. Changes nothing but the count of bad links. @throws RATE_LIMITED */
  readonly look: (context: Context, token: string) => Promise<DecisionPage | null>;
  /** @throws the refusals of a decision */
  readonly decide: (context: Context, token: string, formToken: string) => Promise<void>;
}

interface Options {
  readonly contextFor: ContextFor;
  readonly links: DecisionLinks;
}

/** A form of one short field. */
const FORM_MAX_BYTES = 2_000;
const TOKEN = /^[\w-]{43}$/;

/**
 * `GET /decision/<token>`: shows what the link in a mail would decide, and a button. GET and HEAD change nothing, so a mail
 * scanner decides nothing. `POST`, from the form of that page only, decides. No scripts, nothing from elsewhere, not kept
 * by any cache, and its address is passed on to nobody.
 */
export async function serveDecisionLinks(
  app: FastifyInstance,
  path: string,
  { contextFor, links }: Options,
): Promise<void> {
  await app.register(async (scope) => {
    // Here only: GraphQL takes no forms, which keeps forms of other sites out.
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: FORM_MAX_BYTES },
      (_request, body, done) => done(null, new URLSearchParams(body as string)),
    );
    const contextOf = (request: FastifyRequest): Promise<Context> =>
      contextFor({ ...requestOf(request), authorization: null });
    const pageOf = async (request: FastifyRequest, context: Context): Promise<DecisionPage | null> => {
      const { token = '' } = request.params as { token?: string };
      return TOKEN.test(token) ? links.look(context, token) : null;
    };
    scope.get(`${path}/:token`, async (request, reply) =>
      guarded(request, reply, async () => {
        const page = await pageOf(request, await contextOf(request));
        return page === null ? noSuchLink(request, reply) : answer(reply, 200, page.language, bodyOf(page));
      }),
    );
    scope.post(`${path}/:token`, async (request, reply) =>
      guarded(request, reply, async () => {
        const context = await contextOf(request);
        const page = await pageOf(request, context);
        if (page === null) return noSuchLink(request, reply);
        if (page.state !== 'open') return answer(reply, 409, page.language, bodyOf(page));
        const form = request.body instanceof URLSearchParams ? request.body.get('confirm') : null;
        if (isFromElsewhere(request) || form !== page.formToken)
          return answer(reply, 400, page.language, bodyOf(page));
        const { token } = request.params as { token: string };
        try {
          await links.decide(context, token, form);
        } catch (error) {
          if (!isRefusal(error)) throw error;
          return await afterRefusal(request, reply, error, page, contextOf, pageOf);
        }
        return answer(reply, 200, page.language, outcomeOf(page));
      }),
    );
  });
}

type ContextOf = (request: FastifyRequest) => Promise<Context>;
type PageOf = (request: FastifyRequest, context: Context) => Promise<DecisionPage | null>;

/** Someone was faster, or the core said no: shows how the matter stands now. */
async function afterRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  refused: Parameters<typeof refusalText>[0],
  page: DecisionPage,
  contextOf: ContextOf,
  pageOf: PageOf,
): Promise<FastifyReply> {
  const now = await pageOf(request, await contextOf(request));
  if (now === null) return noSuchLink(request, reply);
  const shown: DecisionPage =
    now.state === 'open' ? { ...page, state: 'refused', reason: refusalText(refused, page.language) } : now;
  return answer(reply, 409, shown.language, bodyOf(shown));
}

const refusalText = (
  { code, details }: { code: Parameters<typeof messageOf>[0]; details: Parameters<typeof messageOf>[1] },
  language: Language,
): string => messageOf(code, details, language);

/** Browsers say where a form was sent from; those that don't are judged by the form's token alone. */
const isFromElsewhere = ({ headers }: FastifyRequest): boolean =>
  !['same-origin', 'none', undefined].includes(headers['sec-fetch-site']);

/** A refusal on the way (too many tries, a part that is away) is a page too. */
async function guarded(
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => Promise<FastifyReply>,
): Promise<FastifyReply> {
  try {
    return await work();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const language = languageFrom(request);
    const status = error.code === 'RATE_LIMITED' ? 429 : 503;
    return answer(reply, status, language, `<p>${escape(refusalText(error, language))}</p>`);
  }
}

const languageFrom = ({ headers }: FastifyRequest): Language =>
  languageOf(headerOf(headers['accept-language']));

const noSuchLink = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const language = languageFrom(request);
  return answer(reply, 404, language, `<p>${WORDS[language].unknown}</p>`);
};

const WORDS = {
  en: {
    page: 'Decision',
    APPROVE: { ask: 'Approve this request?', button: 'Approve', outcome: 'You have approved it.' },
    REJECT: { ask: 'Reject this request?', button: 'Reject', outcome: 'You have rejected it.' },
    title: 'Request',
    number: 'Number',
    amount: 'Amount',
    requester: 'Requester',
    step: 'Step',
    person: 'Decides',
    done: 'This has already been decided, or is no longer yours to decide. Nothing was changed.',
    expired: 'This link has expired. Sign in to decide.',
    refused: 'This can’t be decided by a link. Sign in to decide.',
    unknown: 'This link is not valid, or no longer is.',
  },
  zh: {
    page: '审批',
    APPROVE: { ask: '确认批准此申请？', button: '批准', outcome: '您已批准。' },
    REJECT: { ask: '确认拒绝此申请？', button: '拒绝', outcome: '您已拒绝。' },
    title: '申请',
    number: '编号',
    amount: '金额',
    requester: '申请人',
    step: '步骤',
    person: '审批人',
    done: '该任务已处理，或已不由您处理。未作任何更改。',
    expired: '此链接已过期，请登录后处理。',
    refused: '无法通过链接处理，请登录后处理。',
    unknown: '此链接无效或已失效。',
  },
} as const;

const SIGNS: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => SIGNS[sign] as string);

function factsOf(page: DecisionPage): string {
  const say = WORDS[page.language];
  const rows = [
    [say.title, page.title],
    [say.number, page.number],
    [say.amount, page.amount],
    [say.requester, page.requester],
    [say.step, page.step],
    [say.person, page.person],
  ] as const;
  const shown = rows.flatMap(([name, value]) =>
    value === null ? [] : [`<dt>${name}</dt><dd>${escape(value)}</dd>`],
  );
  return `<dl>${shown.join('')}</dl>`;
}

function bodyOf(page: DecisionPage): string {
  const say = WORDS[page.language];
  if (page.state === 'open') {
    const { ask, button } = say[page.decision];
    return `<h1>${ask}</h1>${factsOf(page)}<form method="post"><input type="hidden" name="confirm" value="${escape(page.formToken)}"><button type="submit">${button}</button></form>`;
  }
  const reason = page.reason === null ? '' : `<p>${escape(page.reason)}</p>`;
  return `<p>${say[page.state]}</p>${reason}${page.state === 'done' ? '' : factsOf(page)}`;
}

const outcomeOf = (page: DecisionPage): string =>
  `<h1>${WORDS[page.language][page.decision].outcome}</h1>${factsOf(page)}`;

const STYLE =
  'body{font:1rem/1.5 sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem}dt{color:#666}dd{margin:0 0 .5rem;overflow-wrap:anywhere}button{font:inherit;padding:.5rem 1.5rem}';

const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

const answer = (reply: FastifyReply, status: number, language: Language, body: string): FastifyReply =>
  reply
    .code(status)
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex',
    })
    .send(
      `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${WORDS[language].page}</title><style>${STYLE}</style></head><body>${body}</body></html>`,
    );
