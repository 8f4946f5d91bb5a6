// The project's own lint rules, loaded by oxlint (.oxlintrc.json). Each is about where a thing may stand.
import path from 'node:path';
import { violation } from './import-rule.mjs';

const placeOf = (context) => path.relative(context.cwd, context.filename).split(path.sep).join('/');

/** Holds every way of naming another module to the table in import-rule.mjs. */
const imports = {
  create(context) {
    const file = placeOf(context);
    const check = (node, source, typeOnly) => {
      if (typeof source?.value !== 'string') return;
      const message = violation(file, source.value, typeOnly);
      if (message) context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source, node.importKind === 'type'),
      ExportNamedDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
      ExportAllDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
      ImportExpression: (node) => check(node, node.source, false),
      TSImportType: (node) => check(node, node.source, true),
      TSExternalModuleReference: (node) => check(node, node.expression, false),
    };
  },
};

/** `now` is an argument: only the place that makes the clock may read it. */
const clock = {
  create(context) {
    const report = (node) =>
      context.report({ node, message: 'the clock is read here; take `now` as an argument' });
    const isName = (node, name) => node.type === 'Identifier' && node.name === name;
    return {
      NewExpression(node) {
        if (isName(node.callee, 'Date') && node.arguments.length === 0) report(node);
      },
      CallExpression(node) {
        if (isName(node.callee, 'Date')) report(node);
      },
      MemberExpression(node) {
        const property = node.property.name ?? node.property.value;
        if (isName(node.object, 'Date') && property === 'now') report(node);
        if (isName(node.object, 'Temporal') && property === 'Now') report(node);
      },
    };
  },
};

const NAMELESS = /^(utils?|commons?|helpers?|services?|misc|shared)(\.[cm]?[jt]s)?$/;

/** A file or folder is named for the one job it has. */
const placeNames = {
  create: (context) => ({
    Program(node) {
      const nameless = placeOf(context)
        .split('/')
        .find((part) => NAMELESS.test(part));
      if (nameless)
        context.report({ node, message: `"${nameless}" names no job; name the place for what it does` });
    },
  }),
};

const WEAK_OPERATORS = ['not', 'chain', 'race'];

/** graphql-shield's `not` allows when its rule throws, and `chain` / `race` swallow errors: compose in one rule. */
const shieldOperators = {
  create(context) {
    const report = (node, name) =>
      context.report({
        node,
        message: `graphql-shield's ${name}() can allow by accident; write one rule instead`,
      });
    return {
      ImportSpecifier(node) {
        if (/shield/.test(node.parent.source.value) && WEAK_OPERATORS.includes(node.imported.name))
          report(node, node.imported.name);
      },
      CallExpression({ callee }) {
        const viaShield = callee.type === 'MemberExpression' && /shield/i.test(callee.object.name ?? '');
        const name = viaShield
          ? callee.property.name
          : callee.type === 'Identifier'
            ? callee.name
            : undefined;
        if (WEAK_OPERATORS.includes(name)) report(callee, name);
      },
    };
  },
};

export default {
  meta: { name: 'countersign' },
  rules: { imports, clock, 'place-names': placeNames, 'shield-operators': shieldOperators },
};
