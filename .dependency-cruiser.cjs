/** Arrows go one way (docs/architecture.md). */
const entries = '^src/(client|worker|config)\\.ts$';

/** Each folder may import itself, packages, and these folders of ours. */
const MAY_IMPORT = {
  domain: [],
  storage: ['domain'],
  inference: ['domain'],
  report: ['domain'],
  gateway: ['domain', 'inference'],
  evidence: ['domain', 'inference', 'storage', 'report'],
  workflows: ['domain', 'activities', 'report'], // of the last two only the types: see below
  activities: ['domain', 'inference', 'storage', 'report', 'evidence'],
  embedded: ['domain', 'storage', 'config'],
  server: ['domain', 'storage', 'evidence', 'report', 'cli', 'workflows', 'config'],
  cli: [
    'domain',
    'storage',
    'evidence',
    'inference',
    'report',
    'embedded',
    'server',
    'workflows',
    'activities',
    'config',
  ],
};

const folders = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  name: `${folder}-imports-only-${allowed.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: {
    path: '^src/',
    pathNot: [folder, ...allowed].map((name) => `^src/${name}(/|\\.ts$)`),
  },
}));

module.exports = {
  forbidden: [
    ...folders,
    {
      name: 'no-cycles',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'pure-folders-use-no-node-built-ins',
      comment: 'they run in the workflow sandbox',
      severity: 'error',
      from: { path: '^src/(domain|workflows)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'domain-takes-from-temporal-only-its-errors',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { path: 'node_modules/@temporalio/', pathNot: '@temporalio/common/' },
    },
    {
      name: 'workflows-see-activities-as-types-only',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { path: '^src/(activities|storage|inference|gateway|report)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'entries-are-imported-by-nothing',
      severity: 'error',
      from: { path: '^src/', pathNot: entries },
      to: { path: '^src/(client|worker)\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
