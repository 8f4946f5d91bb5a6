// Ends every jest run with one line that a machine can read: "N passed, N failed". A test file that could not be
// loaded counts as one failure.
export default class CountReporter {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
    console.log(`${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed`);
  }
}
