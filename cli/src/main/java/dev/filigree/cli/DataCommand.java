package dev.filigree.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What is done with data apart from training on them. */
@Command(
    name = "data",
    description = "Prepares and checks data.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {"", "Example:", "  filigree data prepare books/ --to tokens/ --tokenizer gpt2"},
    subcommands = {DataPrepareCommand.class, DataVerifyCommand.class})
final class DataCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "say what to do with the data: prepare or verify");
  }
}
