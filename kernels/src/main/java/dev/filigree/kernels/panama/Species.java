package dev.filigree.kernels.panama;

import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** The vector shapes that all loops use, chosen once when this class is loaded. */
public final class Species {
  /** The system property that forces a width in bits: 128, 256 or 512. */
  public static final String WIDTH_PROPERTY = "filigree.kernels.bits";

  static final VectorSpecies<Float> S = chosen();
  static final int LANES = S.length();
  static final int BYTES = S.vectorByteSize();

  /** The bytes of one vector, for sums with addresses. */
  static final long VECTOR = BYTES;

  /** Eight lanes, or as many as there are: what one step of a gradient writes. */
  static final VectorSpecies<Float> UP_TO_8 = LANES > 8 ? FloatVector.SPECIES_256 : S;

  static final int BYTES_UP_TO_8 = UP_TO_8.vectorByteSize();

  static final VectorSpecies<Float> OF_4 = FloatVector.SPECIES_128;

  private Species() {}

  private static VectorSpecies<Float> chosen() {
    return switch (System.getProperty(WIDTH_PROPERTY, "")) {
      case "128" -> FloatVector.SPECIES_128;
      case "256" -> FloatVector.SPECIES_256;
      case "512" -> FloatVector.SPECIES_512;
      default ->
          FloatVector.SPECIES_PREFERRED.length() > 16
              ? FloatVector.SPECIES_512
              : FloatVector.SPECIES_PREFERRED;
    };
  }

  /**
   * The reasons why these vectors cannot run fast here, each one a sentence with its remedy; empty
   * if they can.
   */
  public static List<String> obstacles() {
    String width = System.getProperty(WIDTH_PROPERTY, "");
    int widest = FloatVector.SPECIES_PREFERRED.vectorBitSize();
    if (widest < 128) {
      return List.of("The JVM supports no vectors of 128 bits on this CPU; use another CPU.");
    }
    if (!width.isEmpty() && !List.of("128", "256", "512").contains(width)) {
      return List.of(
          "-D%s=%s is not a vector width; use 128, 256 or 512.".formatted(WIDTH_PROPERTY, width));
    }
    if (!width.isEmpty() && Integer.parseInt(width) > widest) {
      return List.of(
          "-D%s=%s is wider than the %d bits that this CPU and JVM prefer; leave it out."
              .formatted(WIDTH_PROPERTY, width, widest));
    }
    return List.of();
  }

  /** A mask of the lanes whose number has a given bit set. */
  static VectorMask<Float> lanesWith(VectorSpecies<Float> species, int bit) {
    long lanes = 0;
    for (int lane = 0; lane < species.length(); lane++) {
      lanes |= (lane & bit) != 0 ? 1L << lane : 0;
    }
    return VectorMask.fromLong(species, lanes);
  }

  /** A shuffle that exchanges every lane with the one whose number differs in a given bit. */
  static VectorShuffle<Float> exchange(VectorSpecies<Float> species, int bit) {
    return VectorShuffle.fromOp(species, lane -> lane ^ (bit & (species.length() - 1)));
  }
}
