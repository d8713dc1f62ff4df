//! From words and signs to an expression, by recursive descent.

use regex::Regex;

use super::error::{FilterProblem, Located};
use super::fields::{self, Field};
use super::lexer::{self, Sign, Token, TokenKind};
use super::operand::{self, Operand, Pattern};
use super::{Comparison, Condition, Expression};

/// How deep parentheses and `not` may be nested, which bounds the stack of every walk over an expression.
const DEEPEST: usize = 64;

/// Words with a meaning of their own; as values they need quotes.
pub(super) fn is_keyword(word: &str) -> bool {
    ["and", "or", "not", "in"].iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// Reads a whole expression.
pub(super) fn parse(text: &str) -> Result<Expression, Located> {
    let tokens = lexer::tokens(text)?;
    let mut parser = Parser { text, tokens: &tokens, depth: 0 };
    let expression = parser.disjunction()?;
    match parser.peek().kind {
        TokenKind::End => Ok(expression),
        _ => Err(parser.expected("and, or, or the end")),
    }
}

/// The tokens that are left; the last is the end and stays.
struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    depth: usize,
}

impl<'a> Parser<'a> {
    fn disjunction(&mut self) -> Result<Expression, Located> {
        self.chain("or", Self::conjunction, Expression::Any)
    }

    fn conjunction(&mut self) -> Result<Expression, Located> {
        self.chain("and", Self::negation, Expression::All)
    }

    /// One part, or several with `word` between them.
    fn chain(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Expression, Located>,
        join: fn(Vec<Expression>) -> Expression,
    ) -> Result<Expression, Located> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.take_word(word) {
            parts.push(part(self)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { join(parts) })
    }

    fn negation(&mut self) -> Result<Expression, Located> {
        if self.depth == DEEPEST {
            return Err(self.problem(FilterProblem::TooDeep));
        }
        self.depth += 1;
        let expression = if self.take_word("not") {
            Expression::Not(Box::new(self.negation()?))
        } else if self.take(&TokenKind::Open) {
            let inner = self.disjunction()?;
            self.close("and, or, or )")?;
            inner
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn test(&mut self) -> Result<Expression, Located> {
        let field = self.field()?;
        let condition = match self.peek().kind {
            TokenKind::Sign(sign) => {
                self.permit(field, sign)?;
                self.advance();
                self.comparison(field, sign)?
            }
            TokenKind::Word(ref word) if word.eq_ignore_ascii_case("in") => self.membership(field)?,
            TokenKind::Word(ref word) if !is_keyword(word) => return Err(self.no_operator(field)),
            TokenKind::Quoted(_) => return Err(self.no_operator(field)),
            _ => Condition::Present,
        };
        Ok(Expression::Test(field, condition))
    }

    fn field(&mut self) -> Result<Field, Located> {
        let name = match &self.peek().kind {
            TokenKind::Word(word) if !is_keyword(word) => word,
            _ => return Err(self.expected("a field, not, or (")),
        };
        let unknown =
            || self.problem(FilterProblem::UnknownField { name: name.clone(), near: fields::near(name) });
        let field = Field::named(name).ok_or_else(unknown)?;
        self.advance();
        Ok(field)
    }

    /// Texts have no order, numbers no patterns, and yes or no neither.
    fn permit(&self, field: Field, sign: Sign) -> Result<(), Located> {
        let kind = field.kind();
        let permitted = match sign {
            Sign::Equal | Sign::NotEqual => true,
            Sign::Match | Sign::NotMatch => kind.is_text(),
            _ => !kind.is_text() && kind != fields::Kind::Flag,
        };
        if permitted { Ok(()) } else { Err(self.not_for(field)) }
    }

    fn comparison(&mut self, field: Field, sign: Sign) -> Result<Condition, Located> {
        let comparison = match sign {
            Sign::Equal => Comparison::Equal,
            Sign::NotEqual => Comparison::NotEqual,
            Sign::Less => Comparison::Less,
            Sign::LessOrEqual => Comparison::LessOrEqual,
            Sign::Greater => Comparison::Greater,
            Sign::GreaterOrEqual => Comparison::GreaterOrEqual,
            Sign::Match => return self.pattern().map(Condition::Matches),
            Sign::NotMatch => return self.pattern().map(Condition::Differs),
        };
        Ok(Condition::Compare(comparison, self.operand(field)?))
    }

    fn membership(&mut self, field: Field) -> Result<Condition, Located> {
        if field.kind() == fields::Kind::Flag {
            return Err(self.not_for(field));
        }
        self.advance();
        if !self.take(&TokenKind::Open) {
            return Err(self.expected("( and a list of values"));
        }
        let mut operands = vec![self.operand(field)?];
        while self.take(&TokenKind::Comma) {
            operands.push(self.operand(field)?);
        }
        self.close("a comma or )")?;
        Ok(Condition::OneOf(operands))
    }

    fn operand(&mut self, field: Field) -> Result<Operand, Located> {
        let written = self.value()?;
        let meaning = operand::meaning(written, field.kind()).map_err(|expected| self.expected(&expected))?;
        self.advance();
        Ok(Operand { written: written.to_owned(), meaning })
    }

    fn pattern(&mut self) -> Result<Pattern, Located> {
        let written = self.value()?;
        let regex = Regex::new(written).map_err(|error| self.problem(not_a_pattern(&error)))?;
        self.advance();
        Ok(Pattern(regex))
    }

    fn value(&self) -> Result<&'a str, Located> {
        match &self.peek().kind {
            TokenKind::Quoted(text) => Ok(text),
            TokenKind::Word(word) if !is_keyword(word) => Ok(word),
            _ => Err(self.expected("a value")),
        }
    }

    fn close(&mut self, expected: &str) -> Result<(), Located> {
        if self.take(&TokenKind::Close) { Ok(()) } else { Err(self.expected(expected)) }
    }

    fn take_word(&mut self, keyword: &str) -> bool {
        let found = matches!(&self.peek().kind, TokenKind::Word(word) if word.eq_ignore_ascii_case(keyword));
        if found {
            self.advance();
        }
        found
    }

    fn take(&mut self, kind: &TokenKind) -> bool {
        let found = self.peek().kind == *kind;
        if found {
            self.advance();
        }
        found
    }

    fn peek(&self) -> &'a Token {
        &self.tokens[0]
    }

    fn advance(&mut self) {
        if self.tokens.len() > 1 {
            self.tokens = &self.tokens[1..];
        }
    }

    fn no_operator(&self, field: Field) -> Located {
        self.expected(&format!("an operator ({})", field.kind().operators()))
    }

    fn not_for(&self, field: Field) -> Located {
        let kind = field.kind();
        self.problem(FilterProblem::Operator {
            field: field.name(),
            kind: kind.words(),
            allowed: kind.operators(),
        })
    }

    fn expected(&self, expected: &str) -> Located {
        let token = self.peek();
        let found = match token.kind {
            TokenKind::End => "the end".to_owned(),
            TokenKind::Quoted(_) => self.text[token.place.clone()].to_owned(),
            _ => format!("'{}'", &self.text[token.place.clone()]),
        };
        self.problem(FilterProblem::Expected { expected: expected.to_owned(), found })
    }

    fn problem(&self, problem: FilterProblem) -> Located {
        Located { place: self.peek().place.clone(), problem }
    }
}

/// The library draws its own caret; its last line says what is wrong.
fn not_a_pattern(error: &regex::Error) -> FilterProblem {
    let words = error.to_string();
    let last = words.lines().last().unwrap_or_default();
    FilterProblem::Pattern { reason: last.trim_start_matches("error: ").to_owned() }
}
