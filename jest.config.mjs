// Tests run as compiled: the same compiler and the same modules as production, and a type error fails them.
/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/build/test'],
  testMatch: ['**/*.test.js'],
  transform: {},
  globalSetup: '<rootDir>/test/global-setup.mjs',
  globalTeardown: '<rootDir>/test/global-teardown.mjs',
  reporters: ['default', '<rootDir>/scripts/count-reporter.mjs'],
  testTimeout: 30_000,
  maxWorkers: 2,
  // A worker grows by about 25 MB with each file that boots the application.
  workerIdleMemoryLimit: '400MB',
  // Lines of the TypeScript sources; the 'babel' provider reports wrong ones.
  coverageProvider: 'v8',
  collectCoverageFrom: ['build/src/**/*.js'],
};
