package dev.filigree.zoo.train.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProvenanceTest {
  private static final String A = "a".repeat(40);
  private static final String B = "b".repeat(40);

  @TempDir Path folder;

  private Path write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  @Test
  void theCommitIsThatOfTheBranchThatIsCheckedOut() throws IOException {
    write(".git/HEAD", "ref: refs/heads/main\n");
    write(".git/packed-refs", "# pack-refs\n" + A + " refs/heads/main\n" + B + " refs/heads/b\n");
    Path below = Files.createDirectories(folder.resolve("some/where"));
    assertThat(Provenance.commit(below)).isEqualTo(A);
    write(".git/refs/heads/main", B + "\n");
    assertThat(Provenance.commit(below)).isEqualTo(B);
    write(".git/HEAD", A + "\n");
    assertThat(Provenance.commit(below)).isEqualTo(A);
  }

  @Test
  void aWorktreeHasABranchOfItsOwn() throws IOException {
    write("main/.git/worktrees/w/HEAD", "ref: refs/heads/w\n");
    write("main/.git/worktrees/w/commondir", "../..\n");
    write("main/.git/refs/heads/w", A + "\n");
    write("w/.git", "gitdir: " + folder.resolve("main/.git/worktrees/w") + "\n");
    assertThat(Provenance.commit(folder.resolve("w"))).isEqualTo(A);
  }

  @Test
  void whatIsNoRepositoryOrNoCommitIsUnknown() throws IOException {
    Path plain = Files.createDirectories(folder.resolve("plain"));
    assertThat(Provenance.commit(plain)).isNull();
    write(".git/HEAD", "ref: refs/heads/none\n");
    assertThat(Provenance.commit(plain)).isNull();
    write(".git/HEAD", "<script>\n");
    assertThat(Provenance.commit(plain)).isNull();
  }
}
