package dev.filigree.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What a missing key of a record's component stands for, as one would write it in a file. */
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
public @interface Default {
  /** The value in YAML, such as {@code 1e-4}, {@code false} or {@code cos}. */
  String value();
}
