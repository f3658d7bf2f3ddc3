package dev.filigree.cli;

import picocli.CommandLine.Command;

/** What is done with data apart from training on them. */
@Command(
    name = "data",
    description = "Prepares and checks data.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {"", "Example:", "  filigree data prepare books/ --to tokens/ --tokenizer gpt2"},
    subcommands = {DataPrepareCommand.class, DataVerifyCommand.class})
final class DataCommand implements Runnable {
  @Override
  public void run() {
    throw new UsageException("say what to do with the data: prepare or verify");
  }
}
