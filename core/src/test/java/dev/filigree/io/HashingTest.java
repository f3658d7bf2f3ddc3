package dev.filigree.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HashingTest {
  @TempDir private Path folder;

  /** The vectors that the authors of FNV publish. */
  @Test
  void fnv1aGivesThePublishedValues() {
    assertThat(Hashing.fnv1a("")).isEqualTo(0xcbf29ce484222325L);
    assertThat(Hashing.fnv1a("a")).isEqualTo(0xaf63dc4c8601ec8cL);
    assertThat(Hashing.fnv1a("foobar")).isEqualTo(0x85944171f73967e8L);
  }

  /** SplitMix64 from the seed 0, as its authors' program prints it. */
  @Test
  void mixingIsSplitMix64() {
    assertThat(Hashing.mix(0)).isEqualTo(0xe220a8397b1dcdafL);
    assertThat(Hashing.mix(0x9e3779b97f4a7c15L)).isEqualTo(0x6e789e6aa1b965f4L);
  }

  /** FIPS 180-4's example. */
  @Test
  void sha256OfAFileIsThatOfItsBytes() throws IOException {
    String expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assertThat(Hashing.sha256("abc".getBytes(StandardCharsets.UTF_8))).isEqualTo(expected);
    assertThat(Hashing.sha256(Files.writeString(folder.resolve("abc"), "abc"))).isEqualTo(expected);
  }
}
