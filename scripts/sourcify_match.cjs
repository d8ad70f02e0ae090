// Asks Sourcify's own library whether contracts on a chain match their published sources exactly.
//
//   node scripts/sourcify_match.cjs RPC_URL CHAIN_ID SUBMISSIONS
//
// SUBMISSIONS is a JSON file: a list of what a Sourcify server is given about each contract (stdJsonInput, compilerVersion,
// contractIdentifier, creationTransactionHash), with its address and metadata. Needs no network but the node: the compiler
// is the one of npm. Each contract is verified twice, from the standard JSON input and from its metadata with the sources.
// Prints one JSON list; exit code 1 unless every match is perfect.
"use strict";
const fs = require("node:fs");
const solc = require("solc");
const {
  SolidityCompilation,
  SolidityMetadataContract,
  SourcifyChain,
  Verification,
  setLibSourcifyLoggerLevel,
} = require("@ethereum-sourcify/lib-sourcify");

/** Compiles all sources at once and answers for a part of them: the compiler's result for a contract is the same. */
class Compiler {
  constructor(sources) {
    this.all = sources;
    this.outputs = new Map();
  }

  async compile(version, input) {
    if (!solc.version().startsWith(version)) throw new Error(`solc ${solc.version()} is not ${version}`);
    // The library finds the positions of metadata by compiling once more with a space after each source.
    for (const ending of ["", " "]) {
      const isPart = ([name, { content }]) => content === this.all[name]?.content + ending;
      if (Object.entries(input.sources).every(isPart)) return this.output(ending, input.settings);
    }
    return JSON.parse(solc.compile(JSON.stringify(input)));
  }

  output(ending, settings) {
    const compiled = withoutDefaults(settings);
    const key = ending + JSON.stringify(compiled);
    if (!this.outputs.has(key)) {
      const sources = Object.fromEntries(
        Object.entries(this.all).map(([name, { content }]) => [name, { content: content + ending }]),
      );
      const { outputSelection } = settings;
      const request = { language: "Solidity", sources, settings: { ...compiled, outputSelection } };
      this.outputs.set(key, JSON.parse(solc.compile(JSON.stringify(request))));
    }
    return this.outputs.get(key);
  }
}

/** What settings say beyond the compiler's defaults, which metadata spell out; a wrong default would spoil the match. */
function withoutDefaults({ evmVersion, optimizer, remappings, viaIR, metadata, libraries, ...others }) {
  const { compilationTarget, outputSelection, ...rest } = others;
  if (viaIR) rest.viaIR = viaIR;
  if (Object.keys(libraries ?? {}).length > 0) rest.libraries = libraries;
  if (metadata && JSON.stringify(metadata) !== '{"bytecodeHash":"ipfs"}') rest.metadata = metadata;
  return { evmVersion, optimizer, remappings: remappings.map((line) => line.replace(/^:/, "")), ...rest };
}

async function verify(compile, chain, { address, creationTransactionHash }) {
  let verification;
  try {
    verification = new Verification(await compile(), chain, address, creationTransactionHash);
    await verification.verify();
  } catch (error) {
    return { runtime: null, creation: null, error: String(error.message ?? error) };
  }
  const { runtimeMatch, creationMatch } = verification.status;
  const { runtime } = verification.transformations;
  const immutables = runtime.list.filter(({ reason }) => reason === "immutable").length;
  return { runtime: runtimeMatch, creation: creationMatch, immutables };
}

async function main([url, chainId, file]) {
  setLibSourcifyLoggerLevel(-1);
  const submissions = JSON.parse(fs.readFileSync(file, "utf8"));
  const sources = Object.assign({}, ...submissions.map(({ stdJsonInput }) => stdJsonInput.sources));
  const compiler = new Compiler(sources);
  const chain = new SourcifyChain({ name: "chain", chainId: Number(chainId), rpcs: [{ rpc: url }], supported: true });
  const results = [];
  for (const submission of submissions) {
    const { contractIdentifier, compilerVersion, stdJsonInput, metadata } = submission;
    const [path, name] = contractIdentifier.split(":");
    const files = Object.entries(stdJsonInput.sources).map(([path, { content }]) => ({ path, content }));
    const ways = {
      standard_input: async () => new SolidityCompilation(compiler, compilerVersion, stdJsonInput, { name, path }),
      metadata: () => new SolidityMetadataContract(JSON.parse(metadata), files).createCompilation(compiler),
    };
    for (const [way, compile] of Object.entries(ways)) {
      results.push({ name, way, ...(await verify(compile, chain, submission)) });
    }
  }
  console.log(JSON.stringify(results, null, 1));
  return results.every(({ runtime, creation }) => runtime === "perfect" && creation === "perfect") ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    console.error(error.message ?? error);
    process.exit(2);
  },
);
