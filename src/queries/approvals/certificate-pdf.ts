import Pdf from 'pdfkit';
import type { Language } from '../../errors.js';
import type { Certificate, CertifiedDecision, NamedPerson } from '../../workflows/certificate.js';
import { certificateFont } from './certificate-font.js';
import { inLanguage } from '../in-language.js';

const WORDS = {
  en: {
    title: 'Evidence of approval',
    request: 'Request',
    status: 'Status',
    subject: 'Subject',
    digest: 'Content digest (SHA-256)',
    requester: 'Submitted by',
    ended: 'Ended',
    process: 'Process',
    processDigest: 'Process digest (SHA-256)',
    decisions: 'Decisions',
    none: 'Nobody has decided yet.',
    system: 'the system',
    behalf: 'on behalf of',
    rule: 'asked as',
    on: 'on content',
    comment: 'Comment',
    evidence: 'Evidence',
    proof: 'Proof',
    chain: 'Head of the chain',
    facts: 'facts',
    checkpoint: 'Seen by checkpoint',
    leaf: 'leaf',
    of: 'of',
    upTo: 'up to fact',
    root: 'Merkle root',
    key: 'Signing key',
    unseen: 'No checkpoint has seen this request yet.',
    note: 'This page is for reading. The JSON certificate holds the chained facts and the path to the signed root; it can be verified with nothing else at hand. A click in an application is a simple electronic signature; no advanced or qualified one is claimed.',
    missing: 'Characters that the font lacks stand as their code, such as [U+1F600].',
    issued: 'Issued',
  },
  zh: {
    title: '审批证明',
    request: '申请编号',
    status: '状态',
    subject: '审批对象',
    digest: '内容摘要（SHA-256）',
    requester: '提交人',
    ended: '结束时间',
    process: '流程',
    processDigest: '流程摘要（SHA-256）',
    decisions: '审批记录',
    none: '尚无人审批。',
    system: '系统',
    behalf: '代表',
    rule: '依据',
    on: '所审内容',
    comment: '意见',
    evidence: '凭据',
    proof: '证明',
    chain: '链头',
    facts: '条记录',
    checkpoint: '检查点',
    leaf: '叶',
    of: '/',
    upTo: '截至记录',
    root: 'Merkle 根',
    key: '签名密钥',
    unseen: '尚无检查点包含此申请。',
    note: '本页供阅读。JSON 证明包含链式记录及通往已签名根的路径，可独立验证。应用内的点击属于普通电子签名，不构成可靠或合格电子签名。',
    missing: '字体中没有的字符以其编码表示，例如 [U+1F600]。',
    issued: '出具时间',
  },
} as const;
type Words = { readonly [K in keyof (typeof WORDS)['en']]: string };

/** The certificate as a PDF (A4), in the reader's language. The same certificate and language give the same pages. */
export function certificatePdf(certificate: Certificate, language: Language): Promise<Buffer> {
  const words: Words = WORDS[language];
  const document = new Pdf({
    size: 'A4',
    margin: 50,
    bufferPages: true,
    info: {
      Title: `${words.title} ${certificate.request.number}`,
      Creator: 'Countersign',
      CreationDate: new Date(certificate.issuedAt),
    },
  });
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const parts: Buffer[] = [];
  document.on('data', (part: Buffer) => parts.push(part));
  document.on('end', () => resolve(Buffer.concat(parts)));
  document.on('error', reject);
  const page = new Page(document, language);
  page.title(`${words.title} · ${certificate.request.number}`);
  writeRequest(page, certificate, words);
  page.heading(words.decisions);
  if (certificate.decisions.length === 0) page.text(words.none);
  for (const decision of certificate.decisions) writeDecision(page, decision, words);
  writeProof(page, certificate, words);
  page.numberPages(`${words.issued} ${instant(certificate.issuedAt)}`);
  document.end();
  return promise;
}

const instant = (at: string): string => `${at.slice(0, 19).replace('T', ' ')} UTC`;
const named = ({ name }: NamedPerson): string => name;

function writeRequest(page: Page, { request, process }: Certificate, words: Words): void {
  page.row(
    words.status,
    `${request.status}${request.endedAt === null ? '' : ` · ${words.ended} ${instant(request.endedAt)}`}`,
  );
  page.row(words.subject, `${request.subject.type} ${request.subject.number} · ${request.subject.title}`);
  page.row(words.digest, request.subject.digest);
  page.row(words.requester, `${named(request.requester)} · ${instant(request.submittedAt)}`);
  page.row(words.process, `${page.localised(process.title)} (${process.key} v${process.version})`);
  page.row(words.processDigest, process.digest);
}

function writeDecision(page: Page, decision: CertifiedDecision, words: Words): void {
  const { person, onBehalfOf, rule, comment, evidence } = decision;
  const who = person === null ? words.system : named(person);
  page.keepTogether(70);
  page.strong(
    `${decision.decision} · ${who}${onBehalfOf === null ? '' : ` (${words.behalf} ${named(onBehalfOf)})`}`,
  );
  page.text(`${page.localised(decision.step.title)} · ${instant(decision.at)} · #${decision.fact}`);
  if (rule !== null) page.text(`${words.rule} ${rule}`);
  page.small(`${words.on} ${decision.contentDigest}`);
  if (comment !== null) page.text(`${words.comment}: ${comment}`);
  if (evidence !== null) page.text(`${words.evidence}: ${evidence}`);
  page.gap();
}

function writeProof(page: Page, { chain, proof }: Certificate, words: Words): void {
  page.keepTogether(140);
  page.heading(words.proof);
  page.row(words.chain, `${chain.head} · ${chain.facts.length} ${words.facts}`);
  if (proof === null) page.text(words.unseen);
  else {
    const { leaf, position, checkpoint } = proof;
    page.row(
      words.checkpoint,
      `${checkpoint.sequence} · ${instant(checkpoint.at)} · ${words.leaf} ${position + 1} ${words.of} ${checkpoint.treeSize} · ${words.upTo} ${leaf.factCount}`,
    );
    page.row(words.root, checkpoint.root);
    page.row(words.key, `Ed25519 ${checkpoint.keyId}`);
  }
  page.gap();
  page.small(words.note);
  if (page.lacking) page.small(words.missing);
}

const LABEL_WIDTH = 130;

/** Lines on pages; what the font cannot show is written as its code. */
class Page {
  readonly #document: PDFKit.PDFDocument;
  readonly #language: Language;
  readonly #left: number;
  readonly #width: number;
  lacking = false;

  constructor(document: PDFKit.PDFDocument, language: Language) {
    this.#document = document;
    this.#language = language;
    document.registerFont('text', certificateFont()).font('text');
    this.#left = document.page.margins.left;
    this.#width = document.page.width - this.#left - document.page.margins.right;
  }

  localised(title: Certificate['process']['title']): string {
    return inLanguage(title, this.#language);
  }

  title(text: string): void {
    this.#write(text, 18, '#111111');
    this.gap();
  }

  heading(text: string): void {
    this.gap();
    this.#write(text, 13, '#111111');
    const { y } = this.#document;
    this.#document
      .moveTo(this.#left, y)
      .lineTo(this.#left + this.#width, y)
      .lineWidth(0.5)
      .strokeColor('#999999')
      .stroke();
    this.gap();
  }

  strong(text: string): void {
    this.#write(text, 11, '#111111');
  }

  text(text: string): void {
    this.#write(text, 9.5, '#333333');
  }

  small(text: string): void {
    this.#write(text, 7.5, '#666666');
  }

  gap(): void {
    this.#document.moveDown(0.6);
  }

  row(label: string, value: string): void {
    this.keepTogether(30);
    const { y } = this.#document;
    const size = /^[0-9a-f]{64}/.test(value) ? 7.5 : 9.5;
    this.#document
      .fontSize(9.5)
      .fillColor('#666666')
      .text(this.#shown(label), this.#left, y, { width: LABEL_WIDTH - 10 });
    const below = this.#document.y;
    this.#document
      .fontSize(size)
      .fillColor('#111111')
      .text(this.#shown(value), this.#left + LABEL_WIDTH, y, { width: this.#width - LABEL_WIDTH });
    this.#document.x = this.#left;
    this.#document.y = Math.max(below, this.#document.y) + 3;
  }

  /** Starts a new page unless so many points are left on this one. */
  keepTogether(points: number): void {
    const { page, y } = this.#document;
    if (y + points > page.height - page.margins.bottom) this.#document.addPage();
  }

  numberPages(text: string): void {
    const { start, count } = this.#document.bufferedPageRange();
    for (let index = start; index < start + count; index += 1) {
      this.#document.switchToPage(index);
      const { page } = this.#document;
      const bottom = page.margins.bottom;
      page.margins.bottom = 0;
      this.#document
        .fontSize(7.5)
        .fillColor('#666666')
        .text(`${this.#shown(text)} · ${index + 1}/${count}`, this.#left, page.height - bottom + 15, {
          width: this.#width,
          align: 'right',
          lineBreak: false,
        });
      page.margins.bottom = bottom;
    }
  }

  #write(text: string, size: number, color: string): void {
    this.#document
      .fontSize(size)
      .fillColor(color)
      .text(this.#shown(text), this.#left, this.#document.y, { width: this.#width });
  }

  #shown(text: string): string {
    return Array.from(text, (character) => {
      const code = character.codePointAt(0) as number;
      if (character === '\n' || character === '\t' || this.#shows(code)) return character;
      this.lacking = true;
      return `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`;
    }).join('');
  }

  /** pdfkit prints an empty box for what the font lacks, and does not say so; its own fontkit font does. */
  #shows(code: number): boolean {
    const { font } = (this.#document as unknown as { readonly ['_font']: { readonly font: Glyphs } })[
      '_font'
    ];
    return font.hasGlyphForCodePoint(code);
  }
}

interface Glyphs {
  hasGlyphForCodePoint(code: number): boolean;
}
