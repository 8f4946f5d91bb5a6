import { stringify } from 'yaml';
import { canonicalText } from './canonical.js';
import { approverRules, processSchema } from './process-file.js';
import type { ProcessDefinition } from './process.js';

// The way back: a compiled definition as a pack would write it.

/** Plain data as YAML and JSON know it. */
type Written = Readonly<Record<string, unknown>>;

/**
 * The definition as a pack writes it: what the schema would fill in is left out, and so is what compiling adds (the
 * fields of the subject, the authority tables). Read and compiled again beside the same subject types and tables it
 * gives a definition of the same digest.
 */
export function writeProcess(definition: ProcessDefinition): Written {
  const { fieldTypes: _fields, authority: _tables, ...words } = definition;
  const { steps, ...own } = plain(words) as Written & { steps: readonly Written[] };
  const head = { ...own, kind: 'process', title: shortTitle(own['title']), steps: [SMALLEST] };
  return {
    ...withoutDefaults(head, (value) => processSchema.safeParse(value).data),
    steps: steps.map(writeStep),
  };
}

/** As `writeProcess`, in YAML. */
export const processText = (definition: ProcessDefinition): string =>
  stringify(writeProcess(definition), { aliasDuplicateObjects: false, lineWidth: 0 });

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** In the order of the schema, without every key that reading fills in with the same value again. */
function withoutDefaults(value: Written, read: (value: Written) => object | undefined): Written {
  const meant = read(value) ?? value;
  const whole = canonicalText(meant);
  let lean: Written = Object.fromEntries(Object.keys(meant).map((key) => [key, value[key]]));
  for (const key of Object.keys(lean)) {
    const { [key]: _, ...fewer } = lean;
    const again = read(fewer);
    if (again && canonicalText(again) === whole) lean = fewer;
  }
  return lean;
}

/** In the place of steps that are written by themselves. */
const SMALLEST: Written = {
  kind: 'notify',
  key: 'x',
  title: 'x',
  recipients: [{ rule: 'user', email: 'x@example.test' }],
};

/** A step stands in the smallest process around it, so that the process's own reader says what it means. */
const readStep = (step: Written): object | undefined =>
  processSchema.safeParse({
    kind: 'process',
    key: 'x',
    version: 1,
    title: 'x',
    subjectType: 'x',
    steps: [step],
  }).data?.steps[0];

function writeStep(step: Written): Written {
  const branches = step['branches'] as readonly (readonly Written[])[] | undefined;
  const alone = {
    ...step,
    title: shortTitle(step['title']),
    ...(branches && { branches: [[SMALLEST], [SMALLEST]] }),
  };
  const lean = { ...withoutDefaults(alone, readStep) };
  for (const [name, value] of Object.entries(lean)) {
    if (name === 'branches') lean[name] = branches?.map((branch) => branch.map(writeStep));
    if (name === 'approvers' || name === 'recipients') lean[name] = writeRules(value);
    if (name === 'onNobody' && typeof value === 'object')
      lean[name] = { assign: writeRules((value as Written)['assign']) };
    if (name === 'formula') lean[name] = shortFormula(value as Written);
    if (name === 'ladder') lean[name] = (value as Written[]).map(writeRung);
  }
  return lean;
}

function writeRung({ action, ...rung }: Written): Written {
  const { who, ...rest } = action as Written;
  return { ...rung, action: who === undefined ? rest : { ...rest, who: writeRules(who) } };
}

const writeRules = (rules: unknown): Written[] => (rules as Written[]).map(writeRule);

function writeRule(rule: Written): Written {
  const lean = { ...withoutDefaults(rule, (value) => approverRules.safeParse([value]).data?.[0]) };
  for (const inner of ['of', 'among']) if (Array.isArray(lean[inner])) lean[inner] = writeRules(lean[inner]);
  return lean;
}

const shortTitle = (title: unknown): unknown => {
  const { en, zh } = title as Written;
  return zh === undefined ? en : title;
};

/** A mode without a figure of its own, with a veto, is a bare word. */
function shortFormula(formula: Written): unknown {
  const { mode, rejection, ...figures } = formula;
  if (rejection !== 'veto') return formula;
  return Object.keys(figures).length === 0 ? mode : { mode, ...figures };
}
