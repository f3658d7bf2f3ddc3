package dev.filigree.cli;

import dev.filigree.zoo.data.TokenStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Compares a folder of tokens with its manifest. */
@Command(
    name = "verify",
    description = "Checks every file of a folder of tokens against its SHA-256.",
    usageHelpAutoWidth = true,
    footer = {"", "Example:", "  filigree data verify tokens/"})
final class DataVerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "A folder that 'data prepare' wrote.")
  private Path folder = Path.of("");

  @Override
  public Integer call() throws IOException {
    TokenStore store = TokenStore.open(folder);
    store.verify();
    spec.commandLine()
        .getOut()
        .printf(
            Locale.ROOT,
            "%s: sound, %,d documents, %,d tokens from %s%n",
            store.folder(),
            store.documents(),
            store.tokens(),
            store.source());
    return ExitCode.OK;
  }
}
